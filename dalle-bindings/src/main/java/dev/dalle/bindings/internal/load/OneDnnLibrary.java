package dev.dalle.bindings.internal.load;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.bindings.onednn.CpuIsa;
import java.util.LinkedHashMap;
import java.util.Map;

/** oneDNN in this process. A process can load it once and never unload it, so the outcome of the first attempt stays. */
public final class OneDnnLibrary {
  private OneDnnLibrary() {}

  private sealed interface Outcome {
    record Success(OneDnnLoader.Result result) implements Outcome {}

    record Failure(NativeLibraryException cause) implements Outcome {}
  }

  /** Initialised by the first use: the Java run-time does it once, whatever threads ask. */
  private static final class Attempt {
    static final Outcome OUTCOME = attempt(new SystemHost());
  }

  static Outcome attempt(Host host) {
    try {
      return new Outcome.Success(OneDnnLoader.load(host));
    } catch (NativeLibraryException e) {
      return new Outcome.Failure(e);
    }
  }

  /**
   * Loads the library if that has not happened yet.
   *
   * @throws NativeLibraryException if it cannot be used, each time anew
   */
  public static void require() {
    if (Attempt.OUTCOME instanceof Outcome.Failure failure) {
      throw failure.cause().again();
    }
  }

  /** The code of the instruction set in use. */
  public static int isa() {
    return loaded().isa();
  }

  /** The library's version. */
  public static String version() {
    return loaded().version().toString();
  }

  private static OneDnnLoader.Result loaded() {
    return switch (Attempt.OUTCOME) {
      case Outcome.Success success -> success.result();
      case Outcome.Failure failure -> throw failure.cause().again();
    };
  }

  /** What was found, without throwing. */
  public static LibraryReport report() {
    return report(Attempt.OUTCOME);
  }

  static LibraryReport report(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Success(OneDnnLoader.Result result) -> {
        CpuIsa isa = CpuIsa.of(result.isa());
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("instruction set", isa.name());
        facts.put("bf16", isa.acceleratesBf16() ? "native" : isa.computesBf16() ? "emulated, slower than f32" : "no");
        facts.put("f16", isa.computesF16() ? "yes" : "no");
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        yield new LibraryReport.Loaded(OneDnnLoader.NAME, result.version().toString(), result.files(), facts);
      }
      case Outcome.Failure(NativeLibraryException cause) ->
          new LibraryReport.Unusable(OneDnnLoader.NAME, cause.reason(), cause.getMessage());
    };
  }
}
