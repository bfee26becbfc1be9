package dev.dalle.trainer.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.NetworkVariant;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FolderPictures;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.stage.TinyRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DvaeClaimsTest {
  @TempDir Path temp;
  private final List<String> begun = new ArrayList<>();
  private final Device device = Device.cpu(1);

  @BeforeEach
  void draw() throws IOException {
    TinyRuns.writePictures(temp.resolve("pictures"));
  }

  private DvaeStageConfig tiny() {
    return TinyRuns.config(temp, 20, 2).dvae();
  }

  private Progress progress() {
    return (name, done, total) -> {
      begun.add(name + " from " + done);
      return new Progress.Stage() {
        @Override
        public void step(long step, double loss, long examples) {}

        @Override
        public void close() {}
      };
    };
  }

  private ReportFiles run(List<DvaeClaim> claims, DvaeStageConfig paper, int seeds, Path out) throws IOException {
    try (CaptionedPictures pictures = FolderPictures.open(temp.resolve("pictures"))) {
      ReportFiles files = DvaeClaims.run(claims, paper, seeds, pictures, device, 1, out, progress());
      assertEquals(0, device.bytesInUse());
      return files;
    }
  }

  private static DvaeArmRun read(Path file) {
    return ConfigJson.read(file, DvaeArmRun.class);
  }

  @Test
  void armsDifferInOneThing() {
    DvaeStageConfig paper = DvaeClaims.presets().get("emoji-tiny");
    assertEquals(1.0 / 16, paper.temperature().at(paper.steps()));
    assertEquals(6.6, paper.beta().at(paper.steps()));
    assertEquals(1, DvaeArm.TEMPERATURE_1.of(paper).temperature().at(paper.steps()));
    assertEquals(15 / 6.6, DvaeArm.BETA_1.of(paper).beta().at(0), 1e-12);
    assertEquals(1, DvaeArm.BETA_1.of(paper).beta().at(paper.steps()));
    assertEquals(0, DvaeArm.BETA_0.of(paper).beta().at(0));
    long half = Math.round(paper.temperatureShare() * paper.steps() / 2);
    assertEquals((1 + 1.0 / 16) / 2, DvaeArm.LINEAR.of(paper).temperature().at(half), 1e-12);
    assertEquals((1 + 3.0 / 16) / 4 * 1 + (1 - 1.0 / 16) / 2, DvaeArm.LINEAR.of(paper).temperature().at(half / 2), 0.01);
    assertEquals(Optional.of(new NetworkVariant(NetworkVariant.Pooling.MAX, 3)), DvaeArm.WIDE.of(paper).model().variant());
    assertEquals(Optional.of(new NetworkVariant(NetworkVariant.Pooling.AVERAGE, 1)), DvaeArm.AVERAGE_POOLING.of(paper).model().variant());
    for (DvaeArm arm : DvaeArm.values()) {
      assertEquals(arm == DvaeArm.PAPER, arm.of(paper).equals(paper), arm.key());
    }
  }

  @Test
  void trainsEachArmOnceAndReportsWhatItFound() throws IOException {
    Path out = temp.resolve("out");
    ReportFiles files = run(List.of(DvaeClaim.POOLING, DvaeClaim.KERNEL, DvaeClaim.POOLING), tiny(), 1, out);
    assertEquals(List.of("as the paper says, seed 1 from 0", "3 x 3 around the code, seed 1 from 0", "average-pooling, seed 1 from 0"), begun);
    DvaeArmRun paper = read(out.resolve("paper-1.json"));
    DvaeArmRun wide = read(out.resolve("kernel-3-1.json"));
    assertEquals(NetworkVariant.PUBLISHED.pooling(), ModelFiles.readDvaeConfig(out.resolve("kernel-3-1/dvae.safetensors")).variant().orElseThrow().pooling());
    assertEquals(20, paper.curve().size());
    assertTrue(paper.curve().getLast().values().containsKey("held-out-drawn"));
    assertFalse(paper.outcome().orElseThrow().equals(wide.outcome().orElseThrow()));
    Map<String, Double> metrics = files.readMetrics();
    assertEquals(paper.outcome().get().drawn(), metrics.get("paper.drawn"), 1e-12);
    assertEquals(wide.outcome().get().drawn() - paper.outcome().get().drawn(), metrics.get("kernel-3.drawn-beside-paper"), 1e-12);
    assertEquals(paper.outcome().get().drawn() - paper.outcome().get().relaxed(), metrics.get("paper.gap"), 1e-12);
    assertEquals(0, metrics.get("paper.failed"));
    String html = Files.readString(files.html());
    assertTrue(html.contains("Max-pooling gives a better bound") && !html.contains("typically diverges"), "only the claims that were asked for");

    byte[] before = Files.readAllBytes(out.resolve("paper-1.json"));
    begun.clear();
    run(List.of(DvaeClaim.BETA), tiny(), 1, out);
    assertEquals(List.of("beta 1, seed 1 from 0", "beta 0, seed 1 from 0"), begun);
    assertArrayEquals(before, Files.readAllBytes(out.resolve("paper-1.json")));
    String message = assertThrows(ConfigException.class, () -> run(List.of(DvaeClaim.BETA), tiny().withBeta(3, 1), 1, out)).getMessage();
    assertTrue(message.contains("paper-1.json: the run was made with another configuration") && message.contains("Begin in another folder"), message);
  }

  @Test
  void aTrainingThatDivergesIsAResult() throws IOException {
    DvaeStageConfig tiny = tiny();
    DvaeStageConfig wild = new DvaeStageConfig(tiny.model(), tiny.compute(), 20, 4, 1e30, 1e30, 1, 1, 0.5, 1, 0.5, 0.5, 0, 0.5, 1e30, false, false, 5);
    Path out = temp.resolve("out");
    ReportFiles files = run(List.of(DvaeClaim.POOLING), wild, 1, out);
    DvaeArmRun run = read(out.resolve("paper-1.json"));
    assertTrue(run.outcome().isEmpty());
    assertTrue(run.failure().orElseThrow().contains("the loss is"), run.failure().get());
    assertEquals(1, files.readMetrics().get("paper.failed"));
    begun.clear();
    run(List.of(DvaeClaim.POOLING), wild, 1, out);
    assertEquals(List.of(), begun);
  }

  @Test
  void aFileOfSomethingElseIsNamed() throws IOException {
    Path out = Files.createDirectories(temp.resolve("out"));
    Files.writeString(out.resolve("paper-1.json"), "{\"format\": \"dalle-gradient-scaling\", \"version\": 1, \"other\": 3}");
    assertEquals(out.resolve("paper-1.json") + ": expected format dalle-dvae-experiment version 1, found dalle-gradient-scaling version 1; begin in another folder",
        assertThrows(ConfigException.class, () -> run(List.of(DvaeClaim.BETA), tiny(), 1, out)).getMessage());
  }

  @Test
  void spreadIsThatOfTheMean() {
    assertEquals(new Spread(2, Math.sqrt(1.0 / 3)), Spread.of(new double[] {1, 2, 3}));
    assertEquals(new Spread(2, Double.NaN), Spread.of(new double[] {2}));
    assertEquals(new Spread(Double.NaN, Double.NaN), Spread.of(new double[0]));
  }

  @Test
  void refusesWhatCannotBeMeasured() {
    assertEquals("claims: expected at least one, got none",
        assertThrows(IllegalArgumentException.class, () -> run(List.of(), tiny(), 1, temp.resolve("out"))).getMessage());
  }
}
