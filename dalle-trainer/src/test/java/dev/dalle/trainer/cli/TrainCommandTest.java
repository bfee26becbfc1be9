package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.RunPresets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  @TempDir Path folder;
  private Path run;
  private Path pictures;
  private Path config;

  @BeforeEach
  void files() throws IOException {
    run = folder.resolve("run");
    pictures = TinyRun.pictures(folder.resolve("pictures"));
    config = TinyRun.write(folder.resolve("tiny.json"), TinyRun.config());
  }

  @Test
  void bothStagesAndTheirContinuation() throws IOException {
    String[] dvae = {"train", "dvae", "--config", config.toString(), "--data", pictures.toString(), "--out", run.toString(), "--seed", "7"};
    String line = Cli.lines((Object[]) dvae).getFirst();
    assertTrue(line.matches(".*dvae\\.safetensors: loss -?[0-9.]+ at step 6, trained for \\d+ s"), line);
    RunFolder written = new RunFolder(run);
    RunConfig manifest = written.readManifest().orElseThrow().config();
    assertEquals(7, manifest.seed());
    assertEquals(2, manifest.threads());
    assertEquals(pictures, manifest.data().path().orElseThrow());
    byte[] weights = Files.readAllBytes(written.dvae());
    // A finished stage is not trained again, with the options it was begun with and without any.
    assertEquals(line, Cli.lines((Object[]) dvae).getFirst());
    assertEquals(line, Cli.lines("train", "dvae", "--out", run).getFirst());
    assertArrayEquals(weights, Files.readAllBytes(written.dvae()));
    String json = String.join("\n", Cli.lines("train", "transformer", "--out", run, "--json"));
    assertTrue(json.contains("\"step\" : 6") && json.contains("transformer.safetensors\"") && json.contains("\"loss\" : "), json);
    assertTrue(Files.exists(written.tokenizer()));
    // Another folder with the same configuration has the same weights, to the bit.
    dvae[7] = folder.resolve("again").toString();
    Cli.lines((Object[]) dvae);
    assertArrayEquals(weights, Files.readAllBytes(folder.resolve("again").resolve("dvae.safetensors")));
  }

  /** In F16, which every processor computes in: both stages train, close to what they come to in F32, and pictures are drawn and drawn again. */
  @Test
  void halfPrecisionTrainsAndDraws() throws IOException {
    Path half = Files.writeString(folder.resolve("half.json"), Files.readString(config).replaceAll("\"compute\" ?: \"f32\"", "\"compute\": \"f16\""));
    for (String stage : List.of("dvae", "transformer")) {
      Path floats = folder.resolve("floats");
      String expected = Cli.lines("train", stage, "--config", config, "--data", pictures, "--out", floats).getFirst();
      String found = Cli.lines("train", stage, "--config", half, "--data", pictures, "--out", run).getFirst();
      assertEquals(loss(expected), loss(found), 0.05, found);
    }
    RunConfig written = new RunFolder(run).readManifest().orElseThrow().config();
    assertEquals(Compute.F16, written.dvae().compute());
    assertEquals(Compute.F16, written.transformer().compute());
    Path out = folder.resolve("drawn");
    Path drawn = Path.of(Cli.lines("generate", "a red square", "--weights", run, "--out", out, "--count", 1, "--compute", "f16").getFirst());
    assertEquals(Compute.F16, PictureRecipe.of(drawn).settings().compute());
    Path again = Path.of(Cli.lines("generate", "--like", drawn, "--weights", run, "--out", out).getFirst());
    assertArrayEquals(Files.readAllBytes(drawn), Files.readAllBytes(again));
  }

  private static double loss(String line) {
    return Double.parseDouble(line.replaceFirst(".*: loss (-?[0-9.]+) at step.*", "$1"));
  }

  @Test
  void theConfigurationIsPrintedAndPassedBack() throws IOException {
    Cli printed = Cli.run("train", "dvae", "--preset", "emoji-tiny", "--seed", 9, "--threads", 3, "--print-config", "--out", run);
    assertEquals(0, printed.status(), printed.err());
    RunConfig preset = RunPresets.all().get("emoji-tiny").with(9, 3);
    assertEquals(ConfigJson.write(preset), printed.out());
    assertFalse(Files.exists(run));
    Path file = Files.writeString(folder.resolve("printed.json"), printed.out());
    assertEquals(printed.out(), Cli.run("train", "transformer", "--config", file, "--print-config").out());
    // What a file leaves out is the preset's; options come last.
    Path part = Files.writeString(folder.resolve("part.json"), "{\"seed\": 3, \"dvae\": {\"steps\": 11}}");
    RunConfig mixed = ConfigJson.parse(
        Cli.run("train", "dvae", "--config", part, "--threads", 2, "--data", "table.csv", "--caption-column", "text", "--print-config").out(), "printed",
        RunConfig.class);
    assertEquals(11, mixed.dvae().steps());
    assertEquals(3, mixed.seed());
    assertEquals("text", mixed.data().captionColumn());
    assertEquals("image", mixed.data().imageColumn());
    assertEquals(RunPresets.emojiSmall().transformer(), mixed.transformer());
  }

  @Test
  void theTransformerNeedsTheDvaeOfItsRun() throws IOException {
    assertEquals(run.resolve("dvae.safetensors") + " is missing: the transformer learns the tokens of a trained dVAE; train it first with"
        + " dalle train dvae --out " + run, Cli.failure("train", "transformer", "--config", config, "--data", pictures, "--out", run));
    assertFalse(Files.exists(run));
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", run);
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Files.copy(run.resolve("dvae.safetensors"), other.resolve("dvae.safetensors"));
    String message = Cli.failure("train", "transformer", "--preset", "emoji-tiny", "--data", pictures, "--out", other);
    assertTrue(message.contains("is the dVAE of another configuration: this run has DvaeConfig[imageSize=32") && message.contains("imageSize=16"), message);
  }

  @Test
  void anotherConfigurationInTheSameFolder() {
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", run);
    assertEquals(run.resolve("manifest.json") + " holds another run: it has \"seed\": 5, asked for was \"seed\": 6; leave the options out to go on"
        + " with it, or choose another folder with --out", Cli.failure("train", "dvae", "--out", run, "--seed", 6).replace(" : ", ": "));
  }

  @Test
  void aCheckpointOfAnotherConfiguration() throws IOException {
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", run);
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Files.copy(run.resolve("dvae.checkpoint.json"), other.resolve("dvae.checkpoint.json"));
    String message = Cli.failure("train", "dvae", "--config", config, "--seed", 8, "--data", pictures, "--out", other);
    assertTrue(message.contains("the checkpoint belongs to another configuration") && message.contains("5") && message.contains("8"), message);
  }

  @Test
  void aManifestOfANewerRelease() throws IOException {
    RunFolder newer = new RunFolder(run);
    newer.writeManifest(Manifest.of(TinyRun.config(), java.util.Optional.empty(), java.util.List.of()));
    Files.writeString(newer.manifest(), Files.readString(newer.manifest()).replaceFirst("\"version\" ?: 1", "\"version\": 2"));
    String message = Cli.failure("train", "dvae", "--out", run);
    assertTrue(message.startsWith(newer.manifest() + ": the manifest has version 2 of dalle-run, this release reads version 1; use the release that wrote it"), message);
  }

  @Test
  void anOccupiedFolder() throws Exception {
    try (AutoCloseable _ = new RunFolder(run).lock()) {
      assertEquals(run + ": this process works in this folder already",
          Cli.failure("train", "dvae", "--config", config, "--data", pictures, "--out", run));
    }
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", run);
  }

  /** A real full disk, where this test may mount one: the last checkpoint stays, and with room the same command ends with the same weights. */
  @Test
  void aFullDiskWhileSaving() throws Exception {
    Path whole = folder.resolve("whole");
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", whole);
    byte[] weights = Files.readAllBytes(whole.resolve("dvae.safetensors"));
    Path small = Files.createDirectory(folder.resolve("small"));
    // A checkpoint has weights, two moments and an average: one fits, a second one beside it does not.
    assumeTrue(shell("mount", "-t", "tmpfs", "-o", "size=" + 6L * weights.length, "tmpfs", small.toString()) == 0, "mounting needs root");
    try {
      String message = Cli.failure("train", "dvae", "--config", config, "--data", pictures, "--out", small);
      assertTrue(message.contains("no room to write") && message.contains("dvae.checkpoint-4.safetensors"), message);
      assertTrue(Files.readString(small.resolve("dvae.checkpoint.json")).contains("dvae.checkpoint-2.safetensors"));
      assertEquals(0, shell("mount", "-o", "remount,size=" + 60L * weights.length, small.toString()));
      Cli.lines("train", "dvae", "--out", small);
      assertArrayEquals(weights, Files.readAllBytes(small.resolve("dvae.safetensors")));
    } finally {
      assertEquals(0, shell("umount", small.toString()));
    }
  }

  /** Models of terabytes: refused before anything is allocated. */
  @Test
  void tooLittleMemory() throws IOException {
    String json = Files.readString(config);
    Path big = Files.writeString(folder.resolve("big.json"), json.replaceFirst("\"width\" ?: 8", "\"width\": 65536"));
    String message = Cli.failure("train", "dvae", "--config", big, "--data", pictures, "--out", run);
    assertTrue(message.matches("too little memory: training the dVAE of [0-9,]{14,} parameters takes [0-9.]{6,} GiB of memory, [0-9.]+ GiB are"
        + " available; use a smaller batch or preset, or end other programs"), message);
    Files.writeString(big, json.replaceFirst("\"width\" ?: 16", "\"width\": 200000"));
    assertTrue(Cli.failure("train", "transformer", "--config", big, "--data", pictures, "--out", run).startsWith("too little memory: training the transformer"));
    assertFalse(Files.exists(run));
    new MemoryNeed("model", 10, 200).check(200);
    assertEquals("too little memory: training the model of 10 parameters takes 1.50 GiB of memory, 1.4 GiB are available; use a smaller batch or preset, or"
        + " end other programs", assertThrows(CommandException.class, () -> new MemoryNeed("model", 10, 3L << 29).check((3L << 29) - (1 << 27))).getMessage());
  }

  private static int shell(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
  }

  @Test
  void badConfigurations() throws IOException {
    Path wrong = folder.resolve("wrong.json");
    Files.writeString(wrong, "{\"dvae\": {\"stepz\": 11}}");
    assertEquals(wrong + ": dvae.stepz: unknown key; did you mean \"steps\"?", Cli.misuse("train", "dvae", "--config", wrong, "--out", run));
    Files.writeString(wrong, "{\"dvae\": {\"steps\": 0}}");
    assertEquals(wrong + ": dvae: steps: expected 1 or more, found 0", Cli.misuse("train", "dvae", "--config", wrong, "--out", run));
    Files.writeString(wrong, "{\"seed\": }");
    assertTrue(Cli.misuse("train", "dvae", "--config", wrong, "--out", run).startsWith(wrong + ":1:"));
    assertEquals(folder.resolve("none.json") + ": no such file", Cli.misuse("train", "dvae", "--config", folder.resolve("none.json")));
    assertFalse(Files.exists(run));
  }

  @Test
  void misuse() {
    assertEquals("unknown run preset 'emoji-tinny'; did you mean 'emoji-tiny'? (there are emoji-tiny, emoji-small, emoji)",
        Cli.misuse("train", "dvae", "--preset", "emoji-tinny"));
    assertEquals("unknown option '--sed'; did you mean '--seed'?", Cli.misuse("train", "dvae", "--sed", 1));
    assertEquals("--device: there is no cuda:0 here; there is cpu", Cli.misuse("train", "dvae", "--device", "cuda:0"));
    assertEquals("--threads: expected 1 to 1024, got 0", Cli.misuse("train", "transformer", "--threads", 0));
    assertEquals("a command is missing", Cli.misuse("train"));
    assertEquals("unknown command 'dvea'; did you mean 'dvae'?", Cli.misuse("train", "dvea"));
    assertEquals("--data: no such file or folder: emojj; did you mean 'emoji'?", Cli.misuse("train", "dvae", "--data", "emojj"));
    assertEquals("--data-kind webdataset: expected a path with --data, got the emoji drawings",
        Cli.misuse("train", "dvae", "--data-kind", "webdataset"));
  }
}
