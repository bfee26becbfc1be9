package dev.dalle.bindings.internal.mpi;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.bindings.NativeLibraryException.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** The system's MPI in this process. It is loaded once and stays; so does the outcome of the first attempt. */
public final class MpiLibrary {
  static final String NAME = "MPI";

  private static final Logger LOG = LogManager.getLogger(MpiLibrary.class);
  private static final int LONGEST_VERSION = 8192;
  private static final String INSTALL = "Install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin) or MPICH, or name the library with -D"
      + MpiSearch.PROPERTY + "=FILE or " + MpiSearch.VARIABLE + ".";

  private MpiLibrary() {}

  private sealed interface Outcome {
    record Success(Loaded library) implements Outcome {}

    record Failure(NativeLibraryException cause) implements Outcome {}
  }

  /**
   * A library that was loaded.
   *
   * @param name by which it was opened
   * @param symbols its functions and objects
   * @param abi its form
   * @param version what it says of itself
   * @param standard version of the standard, such as 3.1
   */
  public record Loaded(String name, SharedObject symbols, MpiAbi abi, String version, String standard) {}

  /** Initialised by the first use: the Java run-time does it once, whatever threads ask. */
  private static final class Attempt {
    static final Outcome OUTCOME = attempt();
  }

  private static Outcome attempt() {
    try {
      return new Outcome.Success(load());
    } catch (NativeLibraryException e) {
      return new Outcome.Failure(e);
    } catch (IllegalCallerException e) {
      return new Outcome.Failure(new NativeLibraryException(NAME, Reason.NATIVE_ACCESS_DENIED, "native access is not enabled for this module ("
          + e.getMessage() + "). Start java with --enable-native-access=dev.dalle.bindings, or =ALL-UNNAMED when everything is on the class path.", e));
    }
  }

  /**
   * The library, loaded if that has not happened yet.
   *
   * @throws NativeLibraryException if it cannot be used, each time anew
   */
  public static Loaded require() {
    return switch (Attempt.OUTCOME) {
      case Outcome.Success success -> success.library();
      case Outcome.Failure failure -> throw failure.cause().again();
    };
  }

  /** What was found, without throwing. */
  public static LibraryReport report() {
    return switch (Attempt.OUTCOME) {
      case Outcome.Success(Loaded library) -> {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("standard", library.standard());
        yield new LibraryReport.Loaded(NAME, library.version(), library.symbols().file().stream().map(Path::of).toList(), facts);
      }
      case Outcome.Failure(NativeLibraryException cause) -> new LibraryReport.Unusable(NAME, cause.reason(), cause.getMessage());
    };
  }

  private static Loaded load() {
    String system = System.getProperty("os.name");
    if (!system.equals("Linux") || ValueLayout.ADDRESS.byteSize() != 8) {
      throw new NativeLibraryException(NAME, Reason.UNSUPPORTED_PLATFORM, "needs Linux on 64 bits, found " + system + ". Run there, or with one process.");
    }
    Map<String, String> environment = System.getenv();
    Optional<String> named = MpiSearch.named(Optional.ofNullable(System.getProperty(MpiSearch.PROPERTY)), environment);
    List<String> candidates = named.map(List::of).orElseGet(() -> MpiSearch.candidates(environment));
    // UCX below MPI would take the signals by which the Java run-time finds null pointers.
    SharedObject.setEnvironmentDefault("UCX_ERROR_SIGNALS", "");
    StringBuilder refused = new StringBuilder();
    for (String candidate : candidates) {
      switch (SharedObject.open(candidate)) {
        case SharedObject.Opening.Opened(SharedObject library) -> {
          return check(library);
        }
        case SharedObject.Opening.Refused(String reason) -> refused.append(refused.isEmpty() ? "" : "; ").append(reason);
      }
    }
    throw new NativeLibraryException(NAME, named.isPresent() ? Reason.LOAD_FAILED : Reason.NOT_FOUND,
        "no library could be loaded (" + refused + "). " + INSTALL);
  }

  private static Loaded check(SharedObject library) {
    for (String function : MpiSymbols.ALL) {
      if (library.find(function).isEmpty()) {
        throw new NativeLibraryException(NAME, Reason.MISSING_SYMBOL, library.name() + " has no " + function + ". " + INSTALL);
      }
    }
    String version = version(library);
    boolean open = library.find("ompi_mpi_comm_world").isPresent();
    if (!open && !version.contains("MPICH") && !version.contains("Intel(R) MPI") && !version.contains("MVAPICH")) {
      throw new NativeLibraryException(NAME, Reason.WRONG_VERSION, library.name() + " is of an unknown family: " + version + ". " + INSTALL);
    }
    int[] standard = standard(library);
    if (standard[0] < 3) {
      throw new NativeLibraryException(NAME, Reason.WRONG_VERSION, library.name() + " follows version " + standard[0] + "." + standard[1]
          + " of the standard, and 3.0 is needed for collectives that do not block. " + INSTALL);
    }
    LOG.debug("MPI {} from {}", version, library.file().orElse(library.name()));
    return new Loaded(library.name(), library, open ? MpiAbi.OPEN_MPI : MpiAbi.MPICH, version, standard[0] + "." + standard[1]);
  }

  private static String version(SharedObject library) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_VERSION);
      MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
      library.callWithTwoPointers("MPI_Get_library_version", text, length);
      String all = text.getString(0).strip();
      int end = all.indexOf('\n');
      String line = (end < 0 ? all : all.substring(0, end)).replace('\t', ' ').strip();
      int comma = line.indexOf(", package");
      return comma < 0 ? line.replaceAll(" +", " ") : line.substring(0, comma);
    }
  }

  private static int[] standard(SharedObject library) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
      library.callWithTwoPointers("MPI_Get_version", major, minor);
      return new int[] {major.get(ValueLayout.JAVA_INT, 0), minor.get(ValueLayout.JAVA_INT, 0)};
    }
  }
}
