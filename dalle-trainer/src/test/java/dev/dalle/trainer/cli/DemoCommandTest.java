package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.TinyRuns;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dalle demo} in a folder that holds only a manifest, and what it refuses. */
class DemoCommandTest {
  @TempDir Path temp;
  private RunFolder folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeManifest() throws IOException {
    TinyRuns.writePictures(temp.resolve("pictures"));
    folder = new RunFolder(temp.resolve("run"));
    folder.writeManifest(Manifest.of(TinyRuns.config(temp.resolve("pictures"), 9, 9), Optional.empty(), List.of()));
  }

  private int dalle(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(List.of(arguments), new PrintWriter(out, true), new PrintWriter(err, true));
  }

  @Test
  void runsFromTheManifestAndOnlyReportsTheSecondTime() throws IOException {
    assertEquals(0, dalle("demo", "--out", folder.path().toString()), err::toString);
    assertTrue(out.toString().contains(folder.report().toString()), out::toString);
    assertTrue(Files.readString(folder.metrics()).contains("dvae.psnr-gain"));
    byte[] weights = Files.readAllBytes(folder.transformer());
    Files.delete(folder.report());
    assertEquals(0, dalle("demo", "--out", folder.path().toString()), err::toString);
    assertTrue(Files.exists(folder.report()));
    assertArrayEquals(weights, Files.readAllBytes(folder.transformer()));
  }

  @Test
  void refusesOptionsThatContradictTheManifest() {
    assertEquals(1, dalle("demo", "--out", folder.path().toString(), "--seed", "4"));
    assertTrue(err.toString().contains("manifest.json holds another run: it has \"seed\" : 3, asked for was \"seed\" : 4; leave the options out to go on"
        + " with it, or choose another folder with --out"), err::toString);
    assertEquals(1, dalle("demo", "--out", folder.path().toString(), "--budget", "5m"));
    assertTrue(err.toString().contains("its budget is none, asked for was 5m"), err::toString);
    assertFalse(Files.exists(folder.tokenizer()));
  }

  @Test
  void goesOnWithARunWhoseUpdatesWereFittedToItsBudget() throws IOException {
    RunConfig preset = TinyRuns.config(temp.resolve("pictures"), 9, 9);
    RunConfig fitted = preset.with(preset.dvae().withSteps(9, 4), preset.transformer().withSteps(9, 4));
    Path file = temp.resolve("asked.json");
    Files.writeString(file, ConfigJson.write(preset));
    folder.writeManifest(Manifest.of(fitted, Optional.of(Duration.ofMinutes(5)), List.of()));
    assertEquals(0, dalle("demo", "--config", file.toString(), "--budget", "5m", "--out", folder.path().toString()), err::toString);
    assertTrue(Files.exists(folder.report()));
    assertEquals(1, dalle("demo", "--config", file.toString(), "--budget", "6m", "--out", folder.path().toString()));
    assertEquals(1, dalle("demo", "--config", file.toString(), "--seed", "77", "--out", folder.path().toString()));
  }

  @Test
  void runsWhatWasPrintedAsItStands() throws IOException {
    assertEquals(0, dalle("demo", "--print-config", "--out", folder.path().toString()), err::toString);
    Path file = temp.resolve("printed.json");
    Files.writeString(file, out.toString());
    RunFolder other = new RunFolder(temp.resolve("other"));
    assertEquals(0, dalle("demo", "--config", file.toString(), "--out", other.path().toString()), err::toString);
    assertEquals(folder.readManifest().orElseThrow(), other.readManifest().orElseThrow());
    assertTrue(Files.exists(other.report()));
  }

  @Test
  void refusesARunThatNeedsMoreMemoryThanThereIs() throws IOException {
    Path file = temp.resolve("huge.json");
    Files.writeString(file, "{\"transformer\": {\"model\": {\"layers\": 64, \"width\": 64000, \"heads\": 1000}}}");
    Path other = temp.resolve("huge");
    assertEquals(1, dalle("demo", "--config", file.toString(), "--out", other.toString()));
    assertTrue(err.toString().contains("too little memory: training the transformer of "), err::toString);
    assertFalse(Files.exists(other));
  }

  @Test
  void refusesAManifestOfANewerRelease() throws IOException {
    Files.writeString(folder.manifest(), Files.readString(folder.manifest()).replace("\"version\" : 1", "\"version\" : 2, \"added\" : true"));
    assertEquals(1, dalle("demo", "--out", folder.path().toString()));
    assertTrue(err.toString().contains("the manifest has version 2 of dalle-run, this release reads version 1; use the release that wrote it, or a newer"
        + " one"), err::toString);
  }

  @Test
  void refusesAnUnknownKeyInTheManifest() throws IOException {
    Files.writeString(folder.manifest(), Files.readString(folder.manifest()).replace("\"batchSize\"", "\"batchsize\""));
    assertEquals(1, dalle("demo", "--out", folder.path().toString()));
    assertTrue(err.toString().contains("unknown key; did you mean \"batchSize\"?"), err::toString);
  }

  @Test
  void refusesDataThatNothingCanBeMeasuredOn() throws IOException {
    Path few = Files.createDirectory(temp.resolve("few"));
    for (int i = 0; i < 3; i++) {
      Files.copy(temp.resolve("pictures/p" + i + ".png"), few.resolve("p" + i + ".png"));
      Files.copy(temp.resolve("pictures/p" + i + ".txt"), few.resolve("p" + i + ".txt"));
    }
    Path other = temp.resolve("other");
    assertEquals(1, dalle("demo", "--preset", "emoji-tiny", "--data", few.toString(), "--out", other.toString()));
    assertTrue(err.toString().contains("of its 3 examples 0 are held out, and a run is measured on at least 2; take at least 20 pictures"), err::toString);
    assertFalse(Files.exists(other.resolve("manifest.json")));
  }

  @Test
  void saysWhichWeightsAreMissing() throws IOException {
    assertEquals(0, dalle("demo", "--out", folder.path().toString()), err::toString);
    Files.delete(folder.dvae());
    assertEquals(1, dalle("demo", "--out", folder.path().toString()));
    assertTrue(err.toString().contains("dvae.safetensors is missing although the stage is over; put it back, or remove dvae.checkpoint.json"),
        err::toString);
  }
}
