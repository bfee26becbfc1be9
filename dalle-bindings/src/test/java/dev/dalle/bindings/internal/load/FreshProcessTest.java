package dev.dalle.bindings.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraries;
import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.bindings.openmp.OpenMpTeam;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can happen only once in a process happens here in a process of its own. */
class FreshProcessTest {
  @TempDir
  Path folder;

  /** The program of the other processes: prints the report, then tries to use the library twice. */
  public static final class Main {
    private Main() {}

    @SuppressWarnings("restricted")
    public static void main(String[] args) throws Throwable {
      System.out.println(switch (NativeLibraries.oneDnn()) {
        case LibraryReport.Loaded loaded -> "loaded " + loaded.version() + " " + loaded.facts().keySet() + " " + loaded.files();
        case LibraryReport.Unusable unusable -> "unusable " + unusable.reason();
      });
      for (int i = 0; i < 2; i++) {
        try (OpenMpTeam team = new OpenMpTeam(2)) {
          team.parallel(thread -> { });
          System.out.println("used");
        } catch (NativeLibraryException e) {
          System.out.println("refused " + e.getMessage());
        }
      }
      Linker linker = Linker.nativeLinker();
      MemorySegment value = (MemorySegment) linker.downcallHandle(linker.defaultLookup().findOrThrow("getenv"),
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS)).invokeExact(java.lang.foreign.Arena.global().allocateFrom("GOMP_SPINCOUNT"));
      System.out.println("spin " + (value.address() == 0 ? "unset" : value.reinterpret(100).getString(0)));
    }
  }

  private List<String> run(boolean withJar, List<String> options, String... environment) throws IOException, InterruptedException {
    String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> withJar || !entry.contains("dnnl")).collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
        "-XX:TieredStopAtLevel=1", "-Ddalle.cache=" + folder, "-cp", path));
    command.addAll(options);
    command.add(Main.class.getName());
    Path output = folder.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    for (int i = 0; i < environment.length; i += 2) {
      builder.environment().put(environment[i], environment[i + 1]);
    }
    Process process = builder.start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return Files.readAllLines(output);
  }

  @Test
  void loadsAndUnpacksIntoTheGivenFolder() throws IOException, InterruptedException {
    List<String> lines = run(true, List.of("--enable-native-access=ALL-UNNAMED"));
    assertTrue(lines.get(0).startsWith("loaded 3.") && lines.get(0).contains("[instruction set, bf16, f16, processors]")
        && lines.get(0).contains(folder.resolve("native").toString()), lines::toString);
    assertEquals(List.of("used", "used", "spin 5000"), lines.subList(1, lines.size()), lines::toString);
  }

  @Test
  void leavesTheUsersEnvironmentAlone() throws IOException, InterruptedException {
    List<String> lines = run(true, List.of("--enable-native-access=ALL-UNNAMED"), "GOMP_SPINCOUNT", "7");
    assertEquals("spin 7", lines.getLast(), lines::toString);
  }

  @Test
  void deniedAccessIsExplainedEachTime() throws IOException, InterruptedException {
    List<String> lines = run(true, List.of("--illegal-native-access=deny"));
    assertEquals("unusable NATIVE_ACCESS_DENIED", lines.get(0), lines::toString);
    assertTrue(lines.get(1).startsWith("refused oneDNN: native access is not enabled for this module"), lines::toString);
    assertEquals(lines.get(1), lines.get(2));
  }

  @Test
  void missingJarIsExplainedEachTime() throws IOException, InterruptedException {
    List<String> lines = run(false, List.of("--enable-native-access=ALL-UNNAMED"));
    assertEquals("unusable NOT_FOUND", lines.get(0), lines::toString);
    assertTrue(lines.get(1).contains("<artifactId>dnnl</artifactId>"), lines::toString);
    assertEquals(lines.get(1), lines.get(2));
    assertFalse(Files.exists(folder.resolve("native")));
  }

  @Test
  void aLimitBelowAvx2IsExplained() throws IOException, InterruptedException {
    List<String> lines = run(true, List.of("--enable-native-access=ALL-UNNAMED"), "ONEDNN_MAX_CPU_ISA", "SSE41");
    assertEquals("unusable UNSUPPORTED_PROCESSOR", lines.get(0), lines::toString);
    assertTrue(lines.get(1).contains("remove ONEDNN_MAX_CPU_ISA"), lines::toString);
  }
}
