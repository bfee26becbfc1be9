package dev.dalle.bindings.internal.mpi;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where MPI may be, in the order of trying: what the user named, beside the mpirun that is found first, what the system's loader knows. */
final class MpiSearch {
  /** The system property that names the library. */
  static final String PROPERTY = "dalle.mpi.library";

  /** The environment variable that names the library. */
  static final String VARIABLE = "DALLE_MPI_LIBRARY";

  private static final List<String> OPEN_MPI = List.of("libmpi.so.40");
  private static final List<String> MPICH = List.of("libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpich.so.10");
  private static final List<String> FOLDERS = List.of("lib", "lib64", "lib/release");

  private MpiSearch() {}

  /** What the user named; then nothing else is tried. */
  static Optional<String> named(Optional<String> property, Map<String, String> environment) {
    return property.or(() -> Optional.ofNullable(environment.get(VARIABLE))).filter(name -> !name.isBlank());
  }

  /** Files and names for the system's loader. The launcher's family comes first: one of another would see a world of one rank. */
  static List<String> candidates(Map<String, String> environment) {
    boolean hydra = environment.containsKey("PMI_RANK") && !environment.containsKey("OMPI_COMM_WORLD_SIZE");
    List<String> names = new ArrayList<>(hydra ? MPICH : OPEN_MPI);
    names.addAll(hydra ? OPEN_MPI : MPICH);
    Set<String> found = new LinkedHashSet<>();
    for (Path home : homes(environment)) {
      for (String name : names) {
        for (String folder : FOLDERS) {
          Path file = home.resolve(folder).resolve(name);
          if (Files.exists(file)) {
            found.add(file.toString());
          }
        }
      }
    }
    found.addAll(names);
    return List.copyOf(found);
  }

  /** Folders above {@code bin} of the launcher, and those that modules of clusters set. */
  private static List<Path> homes(Map<String, String> environment) {
    List<Path> homes = new ArrayList<>();
    for (String variable : List.of("OPAL_PREFIX", "MPI_HOME", "I_MPI_ROOT")) {
      Optional.ofNullable(environment.get(variable)).filter(value -> !value.isBlank()).map(Path::of).ifPresent(homes::add);
    }
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path launcher = Path.of(folder, "mpirun");
      if (!folder.isBlank() && Files.isExecutable(launcher)) {
        try {
          Optional.ofNullable(launcher.toRealPath().getParent().getParent()).ifPresent(homes::add);
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
        break;
      }
    }
    return homes;
  }
}
