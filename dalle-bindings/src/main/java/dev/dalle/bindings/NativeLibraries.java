package dev.dalle.bindings;

import dev.dalle.bindings.internal.load.OneDnnLibrary;
import dev.dalle.bindings.internal.mpi.MpiLibrary;
import java.util.List;

/** The native libraries that the suite knows. Asking for a report loads the library if that has not happened yet. */
public final class NativeLibraries {
  private NativeLibraries() {}

  /** One report for each library that everything needs; never throws for a library that cannot be used. */
  public static List<LibraryReport> reports() {
    return List.of(oneDnn());
  }

  /** The report of oneDNN, which does the CPU's matrix products and convolutions. */
  public static LibraryReport oneDnn() {
    return OneDnnLibrary.report();
  }

  /** The report of the system's MPI, which only runs of many processes need. Loads it, and does not start it. */
  public static LibraryReport mpi() {
    return MpiLibrary.report();
  }
}
