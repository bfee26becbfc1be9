package dev.dalle.bindings;

import dev.dalle.bindings.internal.load.OneDnnLibrary;
import java.util.List;

/** The native libraries that the suite knows. Asking for a report loads the library if that has not happened yet. */
public final class NativeLibraries {
  private NativeLibraries() {}

  /** One report a library; never throws for a library that cannot be used. */
  public static List<LibraryReport> reports() {
    return List.of(oneDnn());
  }

  /** The report of oneDNN, which does the CPU's matrix products and convolutions. */
  public static LibraryReport oneDnn() {
    return OneDnnLibrary.report();
  }
}
