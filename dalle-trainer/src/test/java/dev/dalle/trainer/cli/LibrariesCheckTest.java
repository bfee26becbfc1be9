package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraryException.Reason;
import dev.dalle.tensor.DType;
import dev.dalle.trainer.health.Finding;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LibrariesCheckTest {
  private static final LibraryReport MPI = new LibraryReport.Loaded("MPI", "Open MPI v4.1.4", List.of(Path.of("libmpi.so.40")), Map.of("standard", "3.1"));

  @Test
  void aLoadedLibraryAndItsTypes() {
    LibraryReport loaded = new LibraryReport.Loaded("oneDNN", "3.13.0", List.of(Path.of("a.so"), Path.of("b.so")), Map.of("instruction set", "AVX2"));
    assertEquals(List.of(Finding.ok("oneDNN", "version 3.13.0 from a.so, b.so"), Finding.ok("oneDNN instruction set", "AVX2"),
        Finding.ok("MPI", "version Open MPI v4.1.4 from libmpi.so.40"), Finding.ok("MPI standard", "3.1"), Finding.ok("cpu computes in", "f32")), new LibrariesCheck(() -> List.of(loaded), () -> MPI, dtype -> dtype == DType.F32).findings());
  }

  /** Messages as the bindings give them. */
  @Test
  void anUnusableOneIsAFaultWithItsRemedy() {
    LibraryReport arm = new LibraryReport.Unusable("oneDNN", Reason.UNSUPPORTED_PLATFORM,
        "oneDNN: needs Linux on x86-64, found Linux on aarch64. Run on Linux x86-64 (in a virtual machine, if need be).");
    LibraryReport old = new LibraryReport.Unusable("oneDNN", Reason.UNSUPPORTED_PROCESSOR,
        "oneDNN: needs a processor with AVX2, and /proc/cpuinfo lists no avx2. Use a processor from 2015 or later.");
    LibrariesCheck check = new LibrariesCheck(() -> List.of(arm, old), () -> MPI, dtype -> {
      throw new AssertionError("a device must not be asked for without its library");
    });
    assertEquals(List.of(
        Finding.fault("oneDNN", "oneDNN: needs Linux on x86-64, found Linux on aarch64", "Run on Linux x86-64 (in a virtual machine, if need be)."),
        Finding.fault("oneDNN", "oneDNN: needs a processor with AVX2, and /proc/cpuinfo lists no avx2", "Use a processor from 2015 or later."),
        Finding.ok("MPI", "version Open MPI v4.1.4 from libmpi.so.40"), Finding.ok("MPI standard", "3.1")),
        check.findings());
  }

  /** Only runs of many processes need it; one that was named and cannot be loaded is a mistake. */
  @Test
  void noMpiIsNoFaultButAWrongOneIs() {
    assertEquals(List.of(Finding.ok("MPI", "not installed; only runs of many processes need it"), Finding.ok("cpu computes in", "f32")),
        mpi(new LibraryReport.Unusable("MPI", Reason.NOT_FOUND, "MPI: no library could be loaded (a). Install it.")));
    assertEquals(List.of(Finding.fault("MPI", "MPI: no library could be loaded (a)", "Install it."), Finding.ok("cpu computes in", "f32")),
        mpi(new LibraryReport.Unusable("MPI", Reason.LOAD_FAILED, "MPI: no library could be loaded (a). Install it.")));
  }

  private static List<Finding> mpi(LibraryReport report) {
    return new LibrariesCheck(List::of, () -> report, dtype -> dtype == DType.F32).findings();
  }

  @Test
  void thisMachine() {
    Cli doctor = Cli.run("doctor", "--json");
    assertTrue(doctor.out().contains("\"libraries\"") && doctor.out().contains("\"oneDNN instruction set\""), doctor.out());
    assertTrue(doctor.out().contains("libdnnl.so.3") && doctor.out().contains("\"cpu computes in\""), doctor.out());
  }
}
