package dev.dalle.trainer.cli;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraries;
import dev.dalle.bindings.NativeLibraryException.Reason;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.health.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Native libraries: which files were loaded, or why not and what to do; and which types the CPU device computes in.
 *
 * @param reports asks the libraries, loading them if that has not happened yet
 * @param mpi asks the system's MPI, which only runs of many processes need
 * @param computes whether the CPU device computes in a type; asked only if every library can be used
 */
record LibrariesCheck(Supplier<List<LibraryReport>> reports, Supplier<LibraryReport> mpi, Predicate<DType> computes) implements HealthCheck {

  /** Of this process. */
  static LibrariesCheck current() {
    return new LibrariesCheck(NativeLibraries::reports, NativeLibraries::mpi, dtype -> Device.cpu().computesIn(dtype));
  }

  @Override
  public String name() {
    return "libraries";
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    boolean usable = true;
    for (LibraryReport report : reports.get()) {
      switch (report) {
        case LibraryReport.Loaded loaded -> findings.addAll(describe(loaded));
        case LibraryReport.Unusable unusable -> {
          usable = false;
          findings.add(describe(unusable));
        }
      }
    }
    switch (mpi.get()) {
      case LibraryReport.Loaded loaded -> findings.addAll(describe(loaded));
      case LibraryReport.Unusable unusable -> findings.add(unusable.reason() == Reason.NOT_FOUND
          ? Finding.ok(unusable.name(), "not installed; only runs of many processes need it") : describe(unusable));
    }
    if (usable) {
      findings.add(Finding.ok("cpu computes in", Stream.of(DType.F32, DType.BF16, DType.F16).filter(computes)
          .map(dtype -> dtype.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "))));
    }
    return findings;
  }

  private static List<Finding> describe(LibraryReport.Loaded library) {
    List<Finding> findings = new ArrayList<>();
    String files = library.files().stream().map(Path::toString).collect(Collectors.joining(", "));
    findings.add(Finding.ok(library.name(), "version " + library.version() + " from " + files));
    for (Map.Entry<String, String> fact : library.facts().entrySet()) {
      findings.add(Finding.ok(library.name() + " " + fact.getKey(), fact.getValue()));
    }
    return findings;
  }

  /** The message of the bindings has both what was found and, after the first sentence, what to do. */
  private static Finding describe(LibraryReport.Unusable library) {
    String message = library.message();
    int end = message.indexOf(". ");
    return end < 0
        ? Finding.fault(library.name(), message, "see the message")
        : Finding.fault(library.name(), message.substring(0, end), message.substring(end + 2));
  }
}
