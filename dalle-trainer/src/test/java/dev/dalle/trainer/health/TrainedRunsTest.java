package dev.dalle.trainer.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.Run;
import dev.dalle.trainer.stage.RunReport;
import dev.dalle.trainer.stage.TinyRuns;
import dev.dalle.trainer.stage.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verdicts on runs that were really trained, a few seconds each. */
class TrainedRunsTest {
  @TempDir Path temp;
  private Path pictures;
  private RunFolder folder;

  @BeforeEach
  void draw() throws IOException {
    pictures = temp.resolve("pictures");
    TinyRuns.writePictures(pictures);
    folder = new RunFolder(temp.resolve("run"));
  }

  private static final Progress SILENT = (name, done, total) -> new Progress.Stage() {
    @Override
    public void step(long step, double loss, long examples) {}

    @Override
    public void close() {}
  };

  /** A configuration with fields of the JSON replaced. */
  private RunConfig config(int dvaeSteps, int transformerSteps, String... keysAndValues) {
    String json = ConfigJson.write(TinyRuns.config(pictures, dvaeSteps, transformerSteps));
    for (int i = 0; i < keysAndValues.length; i += 2) {
      json = json.replaceFirst("\"" + keysAndValues[i] + "\" : [^,\\s]+", "\"" + keysAndValues[i] + "\" : " + keysAndValues[i + 1]);
    }
    return ConfigJson.parse(json, "test", RunConfig.class);
  }

  private List<Finding> train(RunConfig config) throws IOException {
    Manifest manifest = Manifest.of(config, Optional.empty(), List.of());
    folder.writeManifest(manifest);
    try (CaptionedPictures data = DataSets.open(config.data(), 16, 1, SILENT)) {
      Run.Result result = new Run(folder, config, Device.cpu(config.threads()), data, SILENT).all();
      ReportFiles.in(folder.path()).write(RunReport.of(manifest, result, 1));
    }
    return RunHealth.of(RunLog.read(folder.path()));
  }

  private static Finding problem(List<Finding> findings, String name) {
    return WrittenRun.problems(findings).stream().filter(finding -> finding.name().equals(name)).findFirst()
        .orElseThrow(() -> new AssertionError(findings.toString()));
  }

  @Test
  void aSoundRunHasNoProblem() throws IOException {
    List<Finding> findings = train(config(250, 250));
    assertEquals(List.of(), WrittenRun.problems(findings), findings.toString());
    assertEquals(13, findings.size(), findings.toString());
  }

  @Test
  void aLossThatIsNoNumberLeavesATraceUntilTheStageGoesOn() throws IOException {
    TrainingException thrown = assertThrows(TrainingException.class, () -> train(config(40, 4, "stepSizeStart", "1e30", "stepSizeEnd", "1e30")));
    List<Finding> problems = WrittenRun.problems(RunHealth.of(RunLog.read(folder.path())));
    Finding end = problem(problems, "end of stage one");
    assertTrue(thrown.getMessage().startsWith(end.value() + ". Use a smaller step size"), end.value());
    assertTrue(end.value().startsWith("train dvae, update ") && end.value().contains(": the loss is NaN"), end.value());
    assertEquals("halve dvae.stepSizeStart (now 1.0E30), and train in another folder", end.remedy().orElseThrow());
    assertFalse(problems.stream().anyMatch(finding -> finding.name().equals("progress")), problems.toString());
    try (var files = Files.newDirectoryStream(folder.path(), "dvae.checkpoint*")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    train(config(4, 4));
    assertFalse(Files.exists(folder.path().resolve("dvae.failure.json")));
  }

  /** Such a run is chaotic: whether it rises again or only jumps about is decided by the last bits of any kernel. Written logs tell the two apart. */
  @Test
  void aStepSizeThatIsTooHigh() throws IOException {
    Finding loss = problem(train(config(4, 120, "stepSize", "4", "stepSizeEnd", "4")), "loss of stage two");
    assertTrue(loss.value().endsWith("the rate is too high") || loss.value().endsWith("the rate is at its limit"), loss.value());
    assertTrue(loss.remedy().orElseThrow().contains("transformer.stepSize (now 4.0)"), loss.remedy().orElseThrow());
  }

  @Test
  void aStepSizeOfNothing() throws IOException {
    Finding nothing = problem(train(config(20, 20, "stepSize", "1e-12", "bpeDropout", "0")), "image loss");
    assertTrue(nothing.value().endsWith(": the transformer has learnt nothing of the pictures"), nothing.value());
  }

  /** A weight of the divergence that lets nothing through. */
  @Test
  void aBetaThatIsTooHigh() throws IOException {
    Finding code = problem(train(config(120, 4, "betaStart", "1e5", "betaEnd", "1e5")), "code");
    assertTrue(code.value().matches("a token tells at most 0\\.0\\d of 2\\.77 nats: the pictures do not reach the codes"), code.value());
  }

  /** Pictures of one colour need one code. */
  @Test
  void aCodebookWithOneCode() throws IOException {
    for (int i = 0; i < 60; i++) {
      PictureFiles.writePng(Picture.filled(16, 16, 0x808080), pictures.resolve("p" + i + ".png"));
    }
    Finding codebook = problem(train(config(40, 4)), "codebook");
    assertTrue(codebook.value().contains("of 16 codes, of held-out pictures: it has collapsed"), codebook.value());
  }

  /** All pictures have the same caption. */
  @Test
  void captionsThatSayNothing() throws IOException {
    for (int i = 0; i < 60; i++) {
      Files.writeString(pictures.resolve("p" + i + ".txt"), "a square on another");
    }
    Finding captions = problem(train(config(250, 250)), "captions");
    assertEquals("the true one is worth 0.000 nats an image token of held-out pictures: the text is ignored, pictures would be drawn whatever it says",
        captions.value());
  }
}
