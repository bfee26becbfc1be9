package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.Report;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.Halving;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole chain on sixty tiny pictures: it runs, it repeats, and an interruption does not show in the result. */
class RunTest {
  @TempDir Path temp;
  private Path pictures;

  @BeforeEach
  void draw() throws IOException {
    pictures = temp.resolve("pictures");
    TinyRuns.writePictures(pictures);
  }

  /** Shows nothing, and stops the process in its tracks when a stage has made so many steps. */
  private record Interrupting(String stage, long after) implements Progress {
    @Override
    public Stage stage(String name, long stepsDone, long stepsTotal) {
      return new Stage() {
        @Override
        public void step(long step, double loss, long examples) {
          if (name.equals(stage) && step == after) {
            throw new Interruption();
          }
        }

        @Override
        public void close() {}
      };
    }
  }

  private static final class Interruption extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static final Progress SILENT = new Interrupting("", 0);

  private Run.Result run(Path folder, RunConfig config, Progress progress) throws IOException {
    return run(folder, config, Device.cpu(config.threads()), progress);
  }

  private Run.Result run(Path folder, RunConfig config, Device device, Progress progress) throws IOException {
    try (CaptionedPictures data = DataSets.open(config.data(), 16, 1, progress)) {
      Run.Result result = new Run(new RunFolder(folder), config, device, data, progress).all();
      assertEquals(0, device.bytesInUse(), "bytes in use after a run");
      return result;
    }
  }

  @Test
  void givesTheSameWeightsWhetherInterruptedOrNot() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 11, 11);
    Path whole = temp.resolve("whole");
    run(whole, config, SILENT);
    Path broken = temp.resolve("broken");
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train dvae", 3)));
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train dvae", 7)));
    assertTrue(Files.exists(broken.resolve("dvae.checkpoint-4.safetensors")));
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train transformer", 10)));
    assertTrue(Files.exists(broken.resolve("transformer.checkpoint-8.safetensors")));
    run(broken, config, SILENT);
    for (String file : List.of("tokenizer.bpe", "dvae.safetensors", "transformer.safetensors")) {
      assertArrayEquals(Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), file);
    }
    try (Stream<Path> files = Files.list(broken)) {
      assertFalse(files.anyMatch(file -> file.getFileName().toString().contains(".checkpoint-")), "checkpoints of finished stages are removed");
    }
  }

  private RunConfig sixteenBit(int steps, PrecisionConfig precision) {
    RunConfig config = TinyRuns.config(pictures, steps, steps);
    return config.with(config.dvae().withCompute(Compute.F16), config.transformer().withCompute(Compute.F16).withPrecision(precision));
  }

  /** Scales, windows, counters, moments of 16 bits and random bits go on where they were. */
  @ParameterizedTest
  @EnumSource(PrecisionConfig.Scaling.class)
  void sixteenBitsGiveTheSameWeightsWhetherInterruptedOrNot(PrecisionConfig.Scaling scaling) throws IOException {
    RunConfig config = sixteenBit(11, new PrecisionConfig(scaling, Moments.SIXTEEN_BIT, PrecisionConfig.Weights.SIXTEEN_BIT, ValueUpdate.STOCHASTIC));
    Path whole = temp.resolve("whole");
    Run.Result result = run(whole, config, SILENT);
    Path broken = temp.resolve("broken");
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train dvae", 7)));
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train transformer", 10)));
    run(broken, config, SILENT);
    for (String file : List.of("dvae.safetensors", "transformer.safetensors", "transformer.gradients.json")) {
      assertArrayEquals(Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), file);
    }
    LossCurve.Point last = result.transformerCurve().getLast();
    assertEquals(scaling != PrecisionConfig.Scaling.NONE, last.values().containsKey("skipped"));
    assertTrue(last.values().containsKey("moments.layer2.mlp"), last.toString());
    double scale = last.values().getOrDefault("scale.layer1.attention", 0.0);
    assertEquals(scaling == PrecisionConfig.Scaling.NONE ? 0 : scaling == PrecisionConfig.Scaling.LOSS ? 16 : 13 + 11 / 1000.0, scale, 1e-9);
    assertTrue(result.dvaeCurve().getLast().values().containsKey("scale"), "the dVAE's loss has one scale in fp16");
  }

  @Test
  void stepSizesAreHalvedAtPlateausAndMilestones() throws IOException {
    RunConfig plain = TinyRuns.config(pictures, 5, 21);
    // No loss is half of another so soon: every second update is a plateau.
    RunConfig config = plain.with(plain.dvae(), plain.transformer().withHalving(new Halving.OnPlateau(0.1, 0.5, 3)));
    Path whole = temp.resolve("whole");
    List<LossCurve.Point> curve = run(whole, config, SILENT).transformerCurve();
    assertEquals(2e-3, curve.get(2).values().get("step-size"));
    assertEquals(2e-3 / 8, curve.getLast().values().get("step-size"), "three halvings at most");
    Path broken = temp.resolve("broken");
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train transformer", 6)));
    run(broken, config, SILENT);
    assertArrayEquals(Files.readAllBytes(whole.resolve("transformer.safetensors")), Files.readAllBytes(broken.resolve("transformer.safetensors")));

    RunConfig milestones = plain.with(plain.dvae(), plain.transformer().withHalving(new Halving.AtMilestones(List.of(0.5, 0.9))));
    List<LossCurve.Point> steps = run(temp.resolve("milestones"), milestones, SILENT).transformerCurve();
    assertEquals(List.of(2e-3, 1e-3, 5e-4), steps.stream().filter(point -> point.step() >= 2).map(point -> point.values().get("step-size")).distinct().toList());
  }

  /** Everything that the paper keeps in 16 bits, beside the same in 32. */
  @Test
  void thePapersSixteenBitsLearnAsThirtyTwoDo() throws IOException {
    RunConfig plain = TinyRuns.config(pictures, 5, 60);
    RunConfig paper = plain.with(plain.dvae(), plain.transformer().withCompute(Compute.F16).withPrecision(PrecisionConfig.PAPER));
    double wide = run(temp.resolve("wide"), plain, SILENT).transformer().image();
    Run.Result result = run(temp.resolve("narrow"), paper, SILENT);
    assertEquals(wide, result.transformer().image(), 0.05 * wide);
    assertEquals(List.of(), result.gradients().orElseThrow().skips());
    String html = html(RunReport.of(Manifest.of(paper, Optional.empty(), List.of()), result, 1));
    assertTrue(html.contains("Gradient scales") && html.contains("Gradients inside the resblocks"), "the report shows scales and gradients");
  }

  private String html(Report report) throws IOException {
    ReportFiles files = ReportFiles.in(temp);
    files.write(report);
    return Files.readString(files.html());
  }

  @Test
  void momentsOfAnotherFormatAreRefused() throws IOException {
    RunConfig config = sixteenBit(11, PrecisionConfig.PAPER);
    Path folder = temp.resolve("run");
    assertThrows(Interruption.class, () -> run(folder, config, new Interrupting("train transformer", 10)));
    RunConfig other = sixteenBit(11, PrecisionConfig.PAPER.with(Moments.F32));
    String message = assertThrows(ConfigException.class, () -> run(folder, other, SILENT)).getMessage();
    assertTrue(message.contains("it has \"moments\" : \"sixteen-bit\", this run has \"moments\" : \"f32\""), message);
  }

  /** A run that was begun before a key was there goes on, and its weights are those of a run that was not. */
  @Test
  void goesOnWithARunOfBeforeCaptionsCouldBeLeftOut() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 5, 11);
    Path whole = temp.resolve("whole");
    run(whole, config, SILENT);
    Path broken = temp.resolve("broken");
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train transformer", 10)));
    RunFolder folder = new RunFolder(broken);
    folder.writeManifest(Manifest.of(config, Optional.empty(), List.of()));
    for (Path file : List.of(folder.manifest(), broken.resolve("transformer.checkpoint.json"))) {
      String json = Files.readString(file);
      String before = json.replaceFirst("\\s*\\\\?\"captionDropout\\\\?\" : 0.0,(\\\\n)?", "");
      assertTrue(json.length() - before.length() > 20, json);
      Files.writeString(file, before);
    }
    run(broken, folder.readManifest().orElseThrow().config(), SILENT);
    assertArrayEquals(Files.readAllBytes(whole.resolve("transformer.safetensors")), Files.readAllBytes(broken.resolve("transformer.safetensors")));
    RunConfig other = config.with(config.dvae(), config.transformer().withCaptionDropout(0.5));
    String message = assertThrows(ConfigException.class, () -> run(broken, other, SILENT)).getMessage();
    assertTrue(message.contains("(it has \"captionDropout\" : 0.0, this run has \"captionDropout\" : 0.5)"), message);
  }

  @Test
  void leavesCaptionsOut() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 5, 5);
    run(temp.resolve("with"), config, SILENT);
    RunConfig without = config.with(config.dvae(), config.transformer().withCaptionDropout(1));
    // Nothing is learned about text then: its loss is a mean over no tokens.
    assertEquals(0, run(temp.resolve("without"), without, SILENT).transformerCurve().getLast().values().get("text"));
    RunConfig some = config.with(config.dvae(), config.transformer().withCaptionDropout(0.3));
    run(temp.resolve("some"), some, SILENT);
    run(temp.resolve("again"), some, SILENT);
    assertArrayEquals(weights("some"), weights("again"));
    assertFalse(Arrays.equals(weights("some"), weights("with")));
  }

  private byte[] weights(String run) throws IOException {
    return Files.readAllBytes(temp.resolve(run).resolve("transformer.safetensors"));
  }

  /** The opaque device runs nothing before somebody waits for it: code that reads too early would train on garbage. */
  @Test
  void givesTheSameWeightsOnADeviceThatDelaysEverything() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 11, 11);
    run(temp.resolve("cpu"), config, SILENT);
    run(temp.resolve("opaque"), config, OpaqueDevice.open(config.threads()), SILENT);
    for (String file : List.of("dvae.safetensors", "transformer.safetensors")) {
      assertArrayEquals(Files.readAllBytes(temp.resolve("cpu").resolve(file)), Files.readAllBytes(temp.resolve("opaque").resolve(file)), file);
    }
  }

  /** The processor keeps the average of parameters beside them, that device leaves it to the host: each goes on with what the other has written. */
  @Test
  void goesOnOnAnotherDevice() throws IOException {
    RunConfig config = sixteenBit(14, PrecisionConfig.PAPER);
    Device opaque = OpaqueDevice.open(config.threads());
    run(temp.resolve("whole"), config, SILENT);
    Path broken = temp.resolve("broken");
    assertThrows(Interruption.class, () -> run(broken, config, new Interrupting("train transformer", 6)));
    assertTrue(Files.exists(broken.resolve("transformer.checkpoint-4.safetensors")));
    assertThrows(Interruption.class, () -> run(broken, config, opaque, new Interrupting("train transformer", 10)));
    assertTrue(Files.exists(broken.resolve("transformer.checkpoint-8.safetensors")));
    run(broken, config, SILENT);
    assertArrayEquals(Files.readAllBytes(temp.resolve("whole").resolve("transformer.safetensors")), Files.readAllBytes(broken.resolve("transformer.safetensors")));
  }

  @Test
  void writesReportAndMetrics() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 30, 30);
    Path folder = temp.resolve("run");
    Run.Result result = run(folder, config, SILENT);
    assertEquals(2, result.drawn().size());
    assertEquals(2, result.drawn().getFirst().pictures().size());
    assertEquals(16, result.drawn().getFirst().pictures().getFirst().height());
    ReportFiles.in(folder).write(RunReport.of(Manifest.of(config, Optional.empty(), List.of("measured")), result, 1));
    String html = Files.readString(folder.resolve("report.html"));
    assertTrue(html.contains(result.drawn().getFirst().caption()));
    String metrics = Files.readString(folder.resolve("metrics.json"));
    for (String key : List.of("dvae.psnr-gain", "dvae.perplexity", "dvae.negative-elb", "dvae.negative-elb-relaxed", "dvae.elb-gap", "dvae.reconstruction",
        "transformer.image-loss", "transformer.caption-gain", "transformer.unigram-loss", "transformer.text-unigram-loss")) {
      assertTrue(metrics.contains("\"" + key + "\""), key);
    }
    JsonNode image = JsonMapper.shared().readTree(metrics).get("charts").get("transformer.image-loss").get("references");
    assertEquals(Math.log(16), image.get("uniform").doubleValue());
    assertEquals(result.transformer().imageShuffled(), image.get("held out, captions of others").doubleValue());
    JsonNode text = JsonMapper.shared().readTree(metrics).get("charts").get("transformer.text-loss").get("references");
    assertEquals(Math.log(300), text.get("uniform").doubleValue());
    assertEquals(result.transformer().textUnigram(), text.get("unigram").doubleValue());
  }

  /** What the doctor reads: the codes in use, and beside the losses what guessing costs and what the caption is worth. */
  @Test
  void logsWhatTellsARunsHealth() throws IOException {
    Run.Result result = run(temp.resolve("run"), TinyRuns.config(pictures, 60, 60), SILENT);
    int validated = 0;
    for (LossCurve.Point point : result.dvaeCurve()) {
      Set<String> keys = new TreeSet<>(point.values().keySet());
      validated += keys.removeAll(Set.of("held-out-relaxed", "held-out-drawn", "held-out-most-probable")) ? 1 : 0;
      assertEquals(Set.of("loss", "reconstruction", "divergence", "perplexity", "gradient"), keys);
      assertTrue(point.values().get("perplexity") >= 1 && point.values().get("perplexity") <= 16, point::toString);
    }
    assertEquals(20, validated, "the true bound beside the relaxed one");
    int shuffled = 0;
    for (LossCurve.Point point : result.transformerCurve()) {
      assertTrue(point.values().keySet().containsAll(Set.of("loss", "text", "image", "text-unigram", "image-unigram", "gradient")), point::toString);
      shuffled += point.values().containsKey("image-shuffled") ? 1 : 0;
    }
    assertEquals(20, shuffled);
    // Before the first update the heads are zero, and everything is uniform.
    assertEquals(Math.log(16), result.transformerCurve().getFirst().values().get("image"), 1e-4);
  }

  @Test
  void learnsColours() throws IOException {
    Run.Result result = run(temp.resolve("run"), TinyRuns.config(pictures, 250, 250), SILENT);
    assertTrue(result.dvae().gain() > 1, () -> "gain over one colour: " + result.dvae().gain() + " dB");
    assertTrue(result.transformer().image() < result.transformer().unigram(),
        () -> result.transformer().image() + " nats, unigram " + result.transformer().unigram());
  }

  @Test
  void refusesACheckpointOfAnotherConfiguration() throws IOException {
    Path folder = temp.resolve("run");
    assertThrows(Interruption.class, () -> run(folder, TinyRuns.config(pictures, 11, 11), new Interrupting("train dvae", 7)));
    byte[] before = Files.readAllBytes(folder.resolve("dvae.checkpoint-4.safetensors"));
    String message = assertThrows(ConfigException.class, () -> run(folder, TinyRuns.config(pictures, 12, 11), SILENT)).getMessage();
    assertTrue(message.endsWith("dvae.checkpoint.json: the checkpoint belongs to another configuration (it has \"steps\" : 11, this run has"
        + " \"steps\" : 12); start in another folder, or remove the stage's files to train it again"), message);
    assertArrayEquals(before, Files.readAllBytes(folder.resolve("dvae.checkpoint-4.safetensors")));
  }

  /** Tokens of another dVAE, or of another vocabulary, would go on without complaint and mean nothing. */
  @Test
  void noticesThatTheModelsOfStageTwoWereReplaced() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 5, 11);
    Path folder = temp.resolve("run");
    assertThrows(Interruption.class, () -> run(folder, config, new Interrupting("train transformer", 10)));
    Path other = temp.resolve("other");
    assertThrows(Interruption.class, () -> run(other, config.with(4, 2), new Interrupting("train transformer", 1)));
    RunFolder files = new RunFolder(folder);
    byte[] ours = Files.readAllBytes(files.dvae());
    String hash = FileHash.sha256(files.dvae()).substring(0, 12);
    Files.copy(other.resolve("dvae.safetensors"), files.dvae(), StandardCopyOption.REPLACE_EXISTING);
    String difference = " was trained with dVAE " + hash + ", " + files.dvae() + " is " + FileHash.sha256(files.dvae()).substring(0, 12);
    assertEquals(folder.resolve("transformer.checkpoint.json") + ": the stage" + difference + "; put the file back, or remove the stage's files to train"
        + " it again", assertThrows(ConfigException.class, () -> run(folder, config, SILENT)).getMessage());
    Files.write(files.dvae(), ours);
    run(folder, config, SILENT);
    // The same after the end, and for the weights themselves.
    byte[] vocabulary = Files.readAllBytes(files.tokenizer());
    BpeTokenizer.of(List.of()).save(files.tokenizer());
    String message = assertThrows(ConfigException.class, () -> run(folder, config, SILENT)).getMessage();
    assertTrue(message.contains("transformer.checkpoint.json: the stage was trained with vocabulary ") && message.contains(files.tokenizer() + " is "),
        message);
    Files.write(files.tokenizer(), vocabulary);
    run(other, config.with(4, 2), SILENT);
    Files.copy(other.resolve("transformer.safetensors"), files.transformer(), StandardCopyOption.REPLACE_EXISTING);
    message = assertThrows(ConfigException.class, () -> run(folder, config, SILENT)).getMessage();
    assertTrue(message.startsWith(files.transformer() + " was trained with dVAE ") && message.endsWith(": use the files of one run"), message);
  }

  @Test
  void goesOnWithACheckpointOfAReleaseThatRecordedNoModels() throws IOException {
    RunConfig config = TinyRuns.config(pictures, 5, 11);
    Path folder = temp.resolve("run");
    assertThrows(Interruption.class, () -> run(folder, config, new Interrupting("train transformer", 10)));
    Path index = folder.resolve("transformer.checkpoint.json");
    String before = Files.readString(index);
    String without = before.replaceFirst("\"trainedWith\" : \\{[^}]*},", "");
    assertTrue(without.length() < before.length());
    Files.writeString(index, without);
    run(folder, config, SILENT);
    assertTrue(Files.readString(index).contains("\"trainedWith\""));
  }

  @Test
  void refusesADamagedCheckpoint() throws IOException {
    Path folder = temp.resolve("run");
    RunConfig config = TinyRuns.config(pictures, 11, 11);
    assertThrows(Interruption.class, () -> run(folder, config, new Interrupting("train dvae", 7)));
    Path tensors = folder.resolve("dvae.checkpoint-4.safetensors");
    byte[] bytes = Files.readAllBytes(tensors);
    Files.write(tensors, Arrays.copyOf(bytes, bytes.length - 8));
    String message = assertThrows(IOException.class, () -> run(folder, config, SILENT)).getMessage();
    assertTrue(message.contains("dvae.checkpoint-4.safetensors"), message);
  }

  @Test
  void keepsOthersOutOfItsFolder() throws Exception {
    RunFolder folder = new RunFolder(temp.resolve("run"));
    try (AutoCloseable _ = folder.lock()) {
      assertTrue(assertThrows(IOException.class, folder::lock).getMessage().endsWith("this process works in this folder already"));
    }
    folder.lock().close();
  }
}
