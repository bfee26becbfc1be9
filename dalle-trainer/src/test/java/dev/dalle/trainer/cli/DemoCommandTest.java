package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.TinyRuns;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
    assertEquals(2, dalle("demo", "--out", folder.path().toString(), "--seed", "4"));
    assertTrue(err.toString().contains("--seed 4: " + folder.path() + " holds a run with 3; leave the option out to go on with it, or choose another"
        + " folder with --out"), err::toString);
    assertEquals(2, dalle("demo", "--out", folder.path().toString(), "--budget", "5m"));
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
  void saysWhichWeightsAreMissing() throws IOException {
    assertEquals(0, dalle("demo", "--out", folder.path().toString()), err::toString);
    Files.delete(folder.dvae());
    assertEquals(1, dalle("demo", "--out", folder.path().toString()));
    assertTrue(err.toString().contains("dvae.safetensors is missing although the stage is over; put it back, or remove dvae.checkpoint.json"),
        err::toString);
  }
}
