package dev.dalle.trainer.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.Dvae;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.Merge;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.PrecisionConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verdicts on logs that were written for the purpose: what takes hours to go wrong, or seldom does. */
class VerdictsTest {
  @TempDir Path temp;
  private WrittenRun run;

  @BeforeEach
  void folder() {
    run = new WrittenRun(temp.resolve("run"));
  }

  /** The run has exactly this problem. */
  private void assertProblem(Finding expected) throws IOException {
    assertEquals(List.of(expected), WrittenRun.problems(run.findings()));
  }

  @Test
  void aSoundRunHasNoProblem() throws IOException {
    List<Finding> findings = run.finished().metrics("dvae.perplexity", 8.5, "dvae.psnr-gain", 7, "transformer.caption-gain", 0.4).findings();
    assertEquals(List.of(), WrittenRun.problems(findings));
    assertEquals(List.of("progress", "files", "models", "loss of stage one", "loss of stage two", "gradient of stage one", "gradient of stage two",
        "codebook", "code", "reconstructions", "image loss", "text loss", "captions"), findings.stream().map(Finding::name).toList());
    assertEquals(Finding.ok("progress", "finished, with a report"), findings.getFirst());
    Files.delete(run.folder.metrics());
    assertEquals(Finding.ok("progress", "both stages are finished; dalle demo --out " + run.folder.path() + " measures them and writes the report"),
        run.findings().getFirst());
    assertTrue(run.findings().contains(Finding.ok("captions", "the true one is worth 0.500 nats an image token in training")), run.findings().toString());
  }

  @Test
  void aCollapsedCodebook() throws IOException {
    String remedy = "raise dvae.betaStart (now 4.0) and dvae.betaEnd (now 2.0), which keep codes apart, or dvae.temperatureEnd (now 0.2), and train both"
        + " stages in another folder";
    run.dvae(step -> Map.of("perplexity", 1.3)).finished();
    assertProblem(Finding.fault("codebook", "perplexity 1.3 of 16 codes, of training batches of 4 pictures: it has collapsed, and the transformer can learn"
        + " hardly anything from such tokens", remedy));
    run.metrics("dvae.perplexity", 1.25);
    assertProblem(Finding.fault("codebook", "perplexity 1.3 of 16 codes, of held-out pictures: it has collapsed, and the transformer can learn hardly anything"
        + " from such tokens", remedy));
  }

  @Test
  void anEmptyCode() throws IOException {
    run.dvae(step -> Map.of("divergence", 0.004)).finished();
    assertProblem(Finding.fault("code", "a token tells at most 0.00 of 2.77 nats: the pictures do not reach the codes",
        "lower dvae.betaEnd (now 2.0) and dvae.betaStart (now 4.0), and train both stages in another folder"));
  }

  @Test
  void poorReconstructions() throws IOException {
    run.finished().metrics("dvae.psnr-gain", 0.2);
    assertProblem(Finding.fault("reconstructions", "0.2 dB above each picture's mean colour: the tokens carry no shapes", "raise dvae.steps (now 100), and"
        + " train both stages in another folder; if the loss never fell, raise dvae.stepSizeStart (now 0.002)"));
  }

  @Test
  void textIgnored() throws IOException {
    String remedy = "raise transformer.steps (now 100), or lower transformer.bpeDropout (now 0.1), and train in another folder; look with dalle data whether"
        + " captions belong to their pictures";
    run.transformer(step -> Map.of("image-shuffled", 1.001 + 1.5 * Math.exp(-step / 20.0))).finished();
    assertProblem(Finding.fault("captions", "the true one is worth 0.001 nats an image token in training: the text is ignored, pictures would be drawn"
        + " whatever it says", remedy));
    run.metrics("transformer.caption-gain", -0.003);
    assertProblem(Finding.fault("captions", "the true one is worth -0.003 nats an image token of held-out pictures: the text is ignored, pictures would be"
        + " drawn whatever it says", remedy));
  }

  @Test
  void captionsOnlyGuessed() throws IOException {
    run.transformer(step -> Map.of("text", 4.0)).finished();
    assertProblem(Finding.fault("text loss", "4.00 nats a token, guessing by shares 4.00: the transformer has learnt nothing of the captions",
        "raise transformer.steps (now 100) or transformer.model.textLossShare (now 0.125), and train in another folder"));
    // A log without shares, from a release that did not keep them.
    run.transformer(step -> Map.of("text", 5.69, "text-unigram", Double.NaN)).finished();
    assertProblem(Finding.fault("text loss", "5.69 nats a token, guessing all alike 5.70: the transformer has learnt nothing of the captions",
        "raise transformer.steps (now 100) or transformer.model.textLossShare (now 0.125), and train in another folder"));
  }

  @Test
  void nothingLearned() throws IOException {
    run.transformer(step -> Map.of("image", 2.48, "image-shuffled", 2.48)).finished();
    assertProblem(Finding.fault("image loss", "2.48 nats a token, guessing by shares 2.50: the transformer has learnt nothing of the pictures",
        "raise transformer.steps (now 100) or transformer.stepSize (now 0.002), and train in another folder"));
    // What is learnt late is not asked of a run in its first half.
    run = new WrittenRun(temp.resolve("young")).transformer(step -> Map.of("image", 2.48, "image-shuffled", 2.48)).stopped(WrittenRun.STEPS, 49);
    assertEquals(List.of("progress"), WrittenRun.problems(run.findings()).stream().map(Finding::name).toList());
  }

  @Test
  void aRateThatIsTooHigh() throws IOException {
    run.dvae(step -> step > 60 ? Map.of("loss", 0.5 + step / 100.0) : Map.of()).finished();
    assertProblem(Finding.fault("loss of stage one", "1.90 at the start, 0.11 at its best, 1.48 now: it rises again, so the rate is too high",
        "halve dvae.stepSizeStart (now 0.002) and train in another folder"));
    run = new WrittenRun(temp.resolve("jumps")).transformer(step -> step > 20 && step % 20 == 0 ? Map.of("loss", 4.5) : Map.of()).finished();
    assertProblem(Finding.warning("loss of stage two", "2.90 at the start, 1.02 now, with 4 jumps of more than 0.94 in 100 points: the rate is at its limit",
        "lower transformer.stepSize (now 0.002), or transformer.clipNorm, and train in another folder"));
    run = new WrittenRun(temp.resolve("explodes")).transformer(step -> step > 90 ? Map.of("gradient", Math.exp(step - 90)) : Map.of()).finished();
    assertProblem(Finding.fault("gradient of stage two", "norm 2.98e+03 now, 1.00 over the whole stage: it explodes, and the loss will follow",
        "halve transformer.stepSize (now 0.002) and train in another folder"));
    run = new WrittenRun(temp.resolve("skips")).transformer(step -> step == 50 ? Map.of("gradient", Double.POSITIVE_INFINITY) : Map.of()).finished();
    assertProblem(Finding.warning("gradient of stage two", "1 of 100 logged updates had a gradient that was not finite and were skipped",
        "lower transformer.stepSize (now 0.002), or use f32 in place of 16 bits in transformer.compute, and train in another folder"));
  }

  @Test
  void gradientsThatAreLost() throws IOException {
    PrecisionConfig scaled = PrecisionConfig.PLAIN.with(PrecisionConfig.Scaling.RESBLOCK);
    String remedy = "lower transformer.stepSize (now 0.002), or use bf16 or f32 in transformer.compute, and train in another folder";
    run.precision(scaled).transformer(step -> Map.of("skipped", Math.floor(step / 20.0), "scale.layer1.mlp", 13.2, "gradient", step % 20 == 0 ? Double.NaN : 1.0));
    run.finished();
    assertEquals(List.of(), WrittenRun.problems(run.findings()).stream().map(Finding::name).filter(name -> name.contains("gradient")).toList());
    assertTrue(run.findings().contains(Finding.ok("gradient scales", "8.3 % of the latest updates skipped")), run.findings().toString());
    run = new WrittenRun(temp.resolve("skips")).precision(scaled).transformer(step -> Map.of("skipped", Math.floor(step / 2.0), "scale.layer1.mlp", 9.0));
    run.finished();
    assertProblem(Finding.fault("gradient scales", "12 of the last 24 updates were skipped because gradients were not finite", remedy));
    run = new WrittenRun(temp.resolve("stuck")).precision(scaled).transformer(step -> Map.of("skipped", 3.0, "scale.layer1.mlp", 7.0, "scale.layer2.mlp", 7.5));
    run.finished();
    assertProblem(Finding.fault("gradient scales", "as small as they may be, 2^7, in layer1.mlp: gradients there are not finite however they are scaled", remedy));
    run = new WrittenRun(temp.resolve("moments")).transformer(step -> Map.of("moments-beyond", step < 90 ? 0.0 : 2.0)).finished();
    assertProblem(Finding.warning("moments", "2 values at the end of what their format holds, or not finite", "look at the norm of the gradient in the report: one "
        + "far too large came through; go on from a checkpoint before it, or clip at a smaller transformer.clipNorm"));
  }

  @Test
  void anotherDvaeOrVocabulary() throws IOException {
    run.finished();
    String before = FileHash.sha256(run.folder.dvae()).substring(0, 12);
    String remedy = "put back the file that belongs to the run, or remove transformer.checkpoint.json and transformer.safetensors to train stage two again"
        + " with the files that are there";
    byte[] ours = Files.readAllBytes(run.folder.dvae());
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      Dvae other = new Dvae(scope, run.config.dvae().model());
      other.initialise(9);
      ModelFiles.writeDvae(run.folder.dvae(), other);
    }
    assertProblem(Finding.fault("models", run.folder.transformer() + " was trained with dVAE " + before + ", " + run.folder.dvae() + " is "
        + FileHash.sha256(run.folder.dvae()).substring(0, 12), remedy));
    Files.write(run.folder.dvae(), ours);
    before = FileHash.sha256(run.folder.tokenizer()).substring(0, 12);
    BpeTokenizer.of(List.of(new Merge(97, 98))).save(run.folder.tokenizer());
    assertProblem(Finding.fault("models", run.folder.transformer() + " was trained with vocabulary " + before + ", " + run.folder.tokenizer() + " is "
        + FileHash.sha256(run.folder.tokenizer()).substring(0, 12), remedy));
  }

  @Test
  void anUnfinishedRun() throws IOException {
    run.stopped(60, 0);
    String remedy = "dalle demo --out " + run.folder.path() + " goes on from there and writes the report; dalle train ";
    assertProblem(Finding.warning("progress", "stage one was stopped; its last checkpoint is at update 60 of 100", remedy + "dvae --out " + run.folder.path()
        + " only trains the stage"));
    run.stopped(WrittenRun.STEPS, 0);
    assertProblem(Finding.warning("progress", "stage two has not begun, or was stopped before its first checkpoint", remedy + "transformer --out "
        + run.folder.path() + " only trains the stage"));
    run.stopped(WrittenRun.STEPS, 80);
    assertProblem(Finding.warning("progress", "stage two was stopped; its last checkpoint is at update 80 of 100", remedy + "transformer --out "
        + run.folder.path() + " only trains the stage"));
  }

  @Test
  void aRunThatIsBeingTrained() throws Exception {
    run.stopped(WrittenRun.STEPS, 80);
    try (AutoCloseable _ = run.folder.lock()) {
      assertEquals(Finding.ok("progress", "stage two is being trained; its last checkpoint is at update 80 of 100"), run.findings().getFirst());
    }
    assertEquals(Finding.Status.WARNING, run.findings().getFirst().status());
  }

  @Test
  void missingAndDamagedFiles() throws IOException {
    run.finished();
    Files.delete(run.folder.transformer());
    assertProblem(Finding.fault("files", run.folder.transformer() + " is missing", "put it back, or remove transformer.checkpoint.json to train the stage"
        + " again"));
    run = new WrittenRun(temp.resolve("cut")).finished();
    byte[] whole = Files.readAllBytes(run.folder.dvae());
    Files.write(run.folder.dvae(), Arrays.copyOf(whole, whole.length - 4));
    Finding cut = WrittenRun.problems(run.findings()).getFirst();
    assertTrue(cut.value().startsWith(run.folder.dvae() + ": ") && cut.value().contains("cut short or damaged"), cut.value());
    run = new WrittenRun(temp.resolve("vocabulary")).finished();
    Files.writeString(run.folder.tokenizer(), "dalle-bpe 1\n");
    Finding vocabulary = WrittenRun.problems(run.findings()).getFirst();
    assertTrue(vocabulary.value().startsWith(run.folder.tokenizer().toString()), vocabulary.value());
    run = new WrittenRun(temp.resolve("state")).stopped(WrittenRun.STEPS, 80);
    Files.delete(run.folder.path().resolve("transformer.checkpoint-80.safetensors"));
    Finding state = WrittenRun.problems(run.findings()).get(1);
    assertEquals(Finding.fault("files", run.folder.path().resolve("transformer.checkpoint-80.safetensors") + " is missing", "remove "
        + run.folder.path().resolve("transformer.checkpoint.json") + " to begin the stage again"), state);
  }

  @Test
  void truncatedJson() throws IOException {
    run.finished().metrics("dvae.perplexity", 8);
    Path index = Checkpoint.index(run.folder.path(), "transformer");
    for (Path file : List.of(index, run.folder.metrics())) {
      String whole = Files.readString(file);
      Files.writeString(file, whole.substring(0, whole.length() / 2));
      List<Finding> problems = WrittenRun.problems(run.findings());
      assertEquals(1, problems.size(), problems.toString());
      assertTrue(problems.getFirst().value().startsWith(file.toString()) && problems.getFirst().value().contains("not valid JSON"), problems.toString());
      Files.writeString(file, whole);
    }
    Files.writeString(run.folder.metrics(), "{\"format\": \"other\"}");
    assertProblem(Finding.fault("files", run.folder.metrics() + ": expected format dalle-metrics version 1, found other version 0", "dalle demo --out "
        + run.folder.path() + " writes it again"));
    String manifest = Files.readString(run.folder.manifest());
    Files.writeString(run.folder.manifest(), manifest.substring(0, manifest.length() / 2));
    assertTrue(assertThrows(ConfigException.class, run::findings).getMessage().startsWith(run.folder.manifest() + ":"));
  }

  @Test
  void whatIsNoRun() throws IOException {
    assertEquals(run.folder.path() + ": no such folder; name the folder of a run, such as runs/demo",
        assertThrows(ConfigException.class, run::findings).getMessage());
    Files.createDirectories(run.folder.path());
    assertEquals(run.folder.manifest() + " is missing, so " + run.folder.path() + " holds no run; name the folder that was given to dalle demo or dalle train"
        + " with --out", assertThrows(ConfigException.class, run::findings).getMessage());
    Path file = Files.createFile(temp.resolve("file"));
    assertEquals(file + ": is not a folder; name the folder of a run, such as runs/demo",
        assertThrows(ConfigException.class, () -> RunLog.read(file)).getMessage());
  }
}
