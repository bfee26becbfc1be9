package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import dev.dalle.trainer.health.RunLog;
import dev.dalle.trainer.report.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle doctor}: says whether this machine can train, or whether a run is all right, and what to do if not. */
@Command(
    name = "doctor",
    description = {"Say whether this machine is all right: Java, processor, memory, disk, libraries, data.",
        "With a run, say what is wrong with it: collapsed codebook, ignored captions, a rate that is too high, models that do not belong together, files that"
            + " are missing, and what to change. dalle demo --print-config --out RUN prints its configuration. Nothing in the folder is changed."},
    footer = {"", "Examples:", "  dalle doctor", "  dalle doctor runs/demo"})
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(arity = "0..1", paramLabel = "RUN", description = "Folder of a run, finished or not; without it the machine is looked at.")
  private Optional<Path> run = Optional.empty();

  private final List<HealthCheck> checks;

  DoctorCommand() {
    this(
        List.of(
            new MachineCheck(Machine.current()),
            LibrariesCheck.current(),
            new DiskCheck(Path.of("runs")),
            new DataCheck(Optional.ofNullable(System.getProperty("dalle.emoji.jar")).map(Path::of))));
  }

  DoctorCommand(List<HealthCheck> checks) {
    this.checks = List.copyOf(checks);
  }

  @Override
  public Integer call() throws IOException {
    Map<String, List<Finding>> found = new LinkedHashMap<>();
    List<HealthCheck> chosen = run.isPresent() ? List.of(new RunCheck(RunLog.read(run.get()))) : checks;
    chosen.forEach(check -> found.computeIfAbsent(check.name(), name -> new ArrayList<>()).addAll(check.findings()));
    PrintWriter out = spec.commandLine().getOut();
    out.println(json.json() ? asJson(found) : asText(found));
    boolean faulty = found.values().stream().flatMap(List::stream).anyMatch(f -> f.status() == Finding.Status.FAULT);
    return faulty ? 1 : 0;
  }

  private static String asText(Map<String, List<Finding>> found) {
    StringBuilder text = new StringBuilder();
    found.forEach(
        (name, findings) -> {
          text.append(name).append('\n');
          for (Finding finding : findings) {
            String mark =
                switch (finding.status()) {
                  case OK -> "ok  ";
                  case WARNING -> "WARN";
                  case FAULT -> "BAD ";
                };
            text.append(String.format("  %s  %-22s %s%n", mark, finding.name(), finding.value()));
            finding.remedy().ifPresent(remedy -> text.append(String.format("        %-22s %s%n", "", "-> " + remedy)));
          }
        });
    return text.toString().stripTrailing();
  }

  private static String asJson(Map<String, List<Finding>> found) {
    Map<String, Object> sections = new LinkedHashMap<>();
    found.forEach((name, findings) -> sections.put(name, findings.stream().map(DoctorCommand::values).toList()));
    return JsonText.of(sections);
  }

  private static Map<String, String> values(Finding finding) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("status", finding.status().name());
    values.put("name", finding.name());
    values.put("value", finding.value());
    finding.remedy().ifPresent(remedy -> values.put("remedy", remedy));
    return values;
  }
}
