package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.health.Finding;
import dev.dalle.trainer.health.Finding.Status;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunFolder;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DoctorCommandTest {

  private static final long GIB = 1L << 30;

  private static Machine machine(String os, String architecture, long availableBytes, String... isa) {
    return new Machine("25", os, architecture, "Example", 2, List.of(isa), 32 * GIB, availableBytes, 2 * GIB);
  }

  private static Map<String, Status> statuses(Machine machine) {
    return new MachineCheck(machine).findings().stream().collect(Collectors.toMap(Finding::name, Finding::status));
  }

  private record Fixed(String name, List<Finding> findings) implements HealthCheck {}

  private static int run(StringWriter out, List<HealthCheck> checks, String... args) {
    return new CommandLine(new DoctorCommand(checks)).setOut(new PrintWriter(out, true)).execute(args);
  }

  @Test
  void aGoodMachineIsGood() {
    Map<String, Status> found = statuses(machine("Linux 6", "amd64", 16 * GIB, "avx", "avx2", "fma", "avx512_bf16"));
    assertTrue(found.values().stream().allMatch(Status.OK::equals), found.toString());
  }

  @Test
  void whatIsMissingIsFound() {
    assertEquals(Status.WARNING, statuses(machine("Linux 6", "amd64", 16 * GIB, "avx2", "fma")).get("instruction sets"));
    assertEquals(Status.FAULT, statuses(machine("Linux 6", "amd64", 16 * GIB, "avx")).get("instruction sets"));
    assertEquals(Status.WARNING, statuses(machine("Linux 6", "amd64", 6 * GIB - 1, "avx2", "fma")).get("memory"));
    assertEquals(Status.FAULT, statuses(machine("Mac OS X 15", "aarch64", 16 * GIB)).get("system"));
    assertEquals(Status.FAULT, statuses(machine("Linux 6", "aarch64", 16 * GIB)).get("system"));
  }

  @Test
  void textShowsStatusAndRemedyAndTheExitStatusFollows() {
    StringWriter out = new StringWriter();
    List<HealthCheck> checks =
        List.of(
            new Fixed("library", List.of(Finding.ok("oneDNN", "3.13"))), new Fixed("gpu", List.of(Finding.warning("driver", "none", "use the CPU"))));
    assertEquals(0, run(out, checks));
    assertEquals(
        """
        library
          ok    oneDNN                 3.13
        gpu
          WARN  driver                 none
                                       -> use the CPU
        """,
        out.toString().replace("\r\n", "\n"));
    out.getBuffer().setLength(0);
    assertEquals(1, run(out, List.of(new Fixed("library", List.of(Finding.fault("oneDNN", "not found", "install it"))))));
    assertTrue(out.toString().contains("BAD   oneDNN"), out.toString());
  }

  @Test
  void jsonHasTheSame() {
    StringWriter out = new StringWriter();
    assertEquals(1, run(out, List.of(new Fixed("a", List.of(Finding.ok("x", "1"), Finding.fault("y", "2", "do \"this\"")))), "--json"));
    JsonNode findings = JsonMapper.shared().readTree(out.toString()).get("a");
    assertEquals("OK", findings.get(0).get("status").stringValue());
    assertEquals("do \"this\"", findings.get(1).get("remedy").stringValue());
    assertTrue(findings.get(0).get("remedy") == null);
  }

  @Test
  void theDiskOfTheNearestExistingFolderCounts(@TempDir Path folder) throws Exception {
    Finding finding = new DiskCheck(folder.resolve("not/yet/there")).findings().getFirst();
    assertTrue(finding.value().endsWith("free at " + folder), finding.value());
    Path file = Files.createFile(folder.resolve("file"));
    assertEquals(Status.FAULT, new DiskCheck(file).findings().getFirst().status());
  }

  @Test
  void theDataAreThereOrNot(@TempDir Path folder) throws Exception {
    Path jar = folder.resolve("data.jar");
    assertEquals(Status.WARNING, new DataCheck(Optional.empty()).findings().getFirst().status());
    assertEquals(Status.WARNING, new DataCheck(Optional.of(jar)).findings().getFirst().status());
    Files.createFile(jar);
    assertEquals(Status.OK, new DataCheck(Optional.of(jar)).findings().getFirst().status());
  }

  @Test
  void aFindingIsComplete() {
    assertThrows(IllegalArgumentException.class, () -> new Finding(Status.OK, "a", "b", Optional.of("remedy")));
    assertThrows(IllegalArgumentException.class, () -> new Finding(Status.FAULT, "a", "b", Optional.empty()));
    assertThrows(IllegalArgumentException.class, () -> Finding.ok("", "b"));
  }

  /** A run in place of the machine; what is found is in the tests of the verdicts. */
  @Test
  void aRun(@TempDir Path folder) throws Exception {
    Path run = folder.resolve("run");
    String missing = Cli.failure("doctor", run);
    assertEquals(run + ": no such folder; name the folder of a run, such as runs/demo", missing);
    new RunFolder(run).writeManifest(Manifest.of(TinyRun.config(), Optional.empty(), List.of()));
    assertEquals(List.of("run", "  WARN  progress               stage one has not begun, or was stopped before its first checkpoint",
        "                               -> dalle demo --out " + run + " goes on from there and writes the report; dalle train dvae --out " + run
            + " only trains the stage", "  ok    files                  all there and whole"), Cli.lines("doctor", run));
    Files.writeString(run.resolve("dvae.checkpoint.json"), "{");
    Cli bad = Cli.run("doctor", run, "--json");
    assertEquals(1, bad.status());
    JsonNode finding = JsonMapper.shared().readTree(bad.out()).get("run").get(0);
    assertEquals("FAULT", finding.get("status").stringValue());
    assertTrue(finding.get("value").stringValue().contains("dvae.checkpoint.json"), bad.out());
    Files.writeString(run.resolve("manifest.json"), "{\"format\": ");
    assertTrue(Cli.failure("doctor", run).contains("manifest.json:1:"));
  }
}
