package dev.dalle.bindings.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Starts Java programs of many processes by the launcher of a family of MPI, on this machine, whatever its cores and whoever runs it. */
public final class Mpirun {
  /** If this variable is 1, Open MPI must be there. */
  public static final String REQUIRED = "DALLE_REQUIRE_MPI";

  /** Families of MPI. */
  public enum Family {
    /** Open MPI. */
    OPEN_MPI("mpirun.openmpi", "Open MPI", List.of("--oversubscribe", "--bind-to", "none")),
    /** MPICH, with its launcher Hydra. */
    MPICH("mpirun.mpich", "HYDRA", List.of());

    private final String launcher;
    private final String words;
    private final List<String> options;

    Family(String launcher, String words, List<String> options) {
      this.launcher = launcher;
      this.words = words;
      this.options = options;
    }
  }

  private final Family family;
  private final Path launcher;

  private Mpirun(Family family, Path launcher) {
    this.family = family;
    this.launcher = launcher;
  }

  /** The launcher of a family; without it the test is skipped, or fails where it is required. */
  public static Mpirun require(Family family) throws IOException, InterruptedException {
    Optional<Mpirun> found = find(family);
    if (found.isEmpty() && family == Family.OPEN_MPI && "1".equals(System.getenv(REQUIRED))) {
      fail(REQUIRED + " is 1, and there is no mpirun of Open MPI on the PATH");
    }
    Assumptions.assumeTrue(found.isPresent(), "no mpirun of " + family + " on the PATH");
    return found.get();
  }

  private static Optional<Mpirun> find(Family family) throws IOException, InterruptedException {
    for (String name : List.of(family.launcher, "mpirun")) {
      for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
        Path file = Path.of(folder, name);
        if (Files.isExecutable(file) && version(file).contains(family.words)) {
          return Optional.of(new Mpirun(family, file));
        }
      }
    }
    return Optional.empty();
  }

  private static String version(Path launcher) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(launcher.toString(), "--version").redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes());
    process.waitFor();
    return text;
  }

  /**
   * Starts a program.
   *
   * @param output file for what all processes print
   * @param options of the Java run-time, beside those that everything needs
   */
  public Run start(int ranks, Path output, List<String> options, Class<?> program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString(), "-np", Integer.toString(ranks)));
    command.addAll(family.options);
    command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(program.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    // Containers often forbid one process to read the memory of another; a machine need not have ssh.
    builder.environment().put("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
    builder.environment().put("OMPI_MCA_plm_rsh_agent", "/bin/false");
    return new Run(builder.start(), output);
  }

  /** A program that was started. */
  public record Run(Process launcher, Path output) {
    /** Waits for all of it, and ends it if it takes too long. */
    public int await(long seconds) throws IOException, InterruptedException {
      boolean ended = launcher.waitFor(seconds, TimeUnit.SECONDS);
      if (!ended) {
        launcher.descendants().forEach(ProcessHandle::destroyForcibly);
        launcher.destroyForcibly();
      }
      assertTrue(ended, () -> "not done within " + seconds + " s:\n" + text());
      return launcher.exitValue();
    }

    /** What has been printed so far. */
    public String text() {
      try {
        return Files.readString(output);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
