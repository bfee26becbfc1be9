package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.LossGradientScaler;
import dev.dalle.precision.scale.LossScale;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.scale.UnscaledGradientScaler;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.Halving;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.PrecisionConfig.Scaling;
import dev.dalle.trainer.run.StageClock;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gradients that are not finite, and checkpoints that cannot be gone on from: training loses one update, or does not begin; nothing is half done. */
class TransformerTrainingTest {
  private static final TransformerConfig MODEL = TransformerConfig.of(7, 3, 13, 11, 2, 16, 2).withInitialisation(new TransformerConfig.Initialisation(1, 1, false));
  private static final TokenBatch BATCH = new TokenBatch(new int[][] {{3, 0, 12}, {1, 2, 3, 4, 5, 6}}, new int[][] {{0, 1, 2, 3, 4, 5, 6, 7, 8}, {10, 9, 8, 7, 6, 5, 4, 3, 2}});
  private static final List<String> BLOCKS = List.of("layer1.attention", "layer1.mlp", "layer2.attention", "layer2.mlp");
  private static final PrecisionConfig SIXTEEN_BIT = new PrecisionConfig(Scaling.RESBLOCK, Moments.SIXTEEN_BIT, PrecisionConfig.Weights.SIXTEEN_BIT,
      ValueUpdate.STOCHASTIC);

  @TempDir private Path folder;
  private final Device device = Device.cpu(2);

  private static TransformerStageConfig config(Compute compute, boolean recompute, PrecisionConfig precision) {
    return new TransformerStageConfig(MODEL, compute, 40, 2, 2e-3, 1e-4, 0.1, 0, 0, 0.01, 0.9, 5, 4, recompute, 4).withPrecision(precision);
  }

  /** Scales that stay powers of two, so that they change no bit in F32. */
  private static GradientScaler scaler(Scaling scaling, Scope scope, List<Parameter> parameters, List<GradientBlock> blocks) {
    return switch (scaling) {
      case NONE -> new UnscaledGradientScaler(scope, parameters, blocks);
      case LOSS -> new LossGradientScaler(scope, parameters, blocks, new LossScale(64, 2, 0.5, 1000), Replicas.ALONE);
      case RESBLOCK -> new BlockGradientScaler(scope, parameters, blocks, new GradientScaleConfig(64, 1, 128, 1, 2, 125), Replicas.ALONE);
    };
  }

  private static SpoiltScaler spoilt(TransformerTraining training) {
    return (SpoiltScaler) training.scaler();
  }

  private static TransformerTraining training(TransformerStageConfig config, Scope scope) {
    return new TransformerTraining(config, 5, scope,
        (owner, parameters, blocks) -> new SpoiltScaler(scaler(config.precisionOrUsual().scaling(), owner, parameters, blocks), parameters));
  }

  private static Map<String, byte[]> bits(List<NamedTensor> tensors) {
    Map<String, byte[]> all = new LinkedHashMap<>();
    for (NamedTensor tensor : tensors) {
      byte[] bytes = new byte[Math.toIntExact(tensor.tensor().byteSize())];
      tensor.tensor().device().download(tensor.tensor(), MemorySegment.ofArray(bytes));
      all.put(tensor.name(), bytes);
    }
    return all;
  }

  /** Values, master copies, moments and the number of updates; averages move towards values that stayed, and scales are another matter. */
  private static Map<String, byte[]> trained(TransformerTraining training) {
    return bits(training.state().stream().filter(tensor -> !tensor.name().startsWith("average.") && !tensor.name().startsWith("scaling.")).toList());
  }

  private static void same(Map<String, byte[]> expected, Map<String, byte[]> actual, String what) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), () -> what + ": " + name));
  }

  private static List<String> everywhere() {
    List<String> all = new ArrayList<>(BLOCKS);
    try (Scope scope = Device.cpu(1).newScope()) {
      new Transformer(MODEL, scope).parameters().forEach(parameter -> all.add(parameter.name()));
    }
    return all;
  }

  private static List<String> blockOf(String where) {
    return BLOCKS.stream().filter(block -> where.equals(block) || where.startsWith(block + ".")).toList();
  }

  /**
   * In F32, where it can be told to the bit: a value that is not finite in each resblock and in each parameter's gradient, tables, heads, gains and biases included,
   * costs its update and nothing else.
   */
  @ParameterizedTest
  @EnumSource
  void aFaultCostsOneUpdateWhereverItIs(Scaling scaling) {
    int number = 0;
    for (String where : everywhere()) {
      TransformerStageConfig config = config(Compute.F32, number % 2 == 0, PrecisionConfig.PLAIN.with(scaling).with(Moments.values()[number / 2 % 2]));
      int bad = 1 + number % 3;
      float value = new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}[number % 3];
      number++;
      try (Scope scope = device.newScope(); TransformerTraining training = training(config, scope); TransformerTraining clean = training(config, scope)) {
        double[] scales = training.scaler().scales();
        for (int step = 1; step <= 4; step++) {
          Map<String, byte[]> before = trained(training);
          spoilt(training).spoil(step == bad ? where : "", value);
          training.update(step, BATCH, false, false);
          if (step != bad) {
            clean.update(step, BATCH, false, false);
            same(trained(clean), trained(training), where + ", step " + step);
            assertFalse(training.scaler().verdict().skipped());
            continue;
          }
          GradientVerdict verdict = training.scaler().verdict();
          assertTrue(verdict.skipped(), where);
          same(before, trained(training), where);
          if (scaling == Scaling.RESBLOCK || !BLOCKS.contains(where)) {
            // Without filters a fault of an activation is everywhere below; that of a parameter's gradient is its own in any case.
            assertEquals(blockOf(where), verdict.blocks());
          }
          assertEquals(scaling == Scaling.RESBLOCK ? blockOf(where) : scaling == Scaling.LOSS ? BLOCKS : List.of(), verdict.divided());
        }
        GradientVerdict last = training.scaler().verdict();
        for (int block = 0; block < scales.length; block++) {
          boolean divided = scaling == Scaling.LOSS || scaling == Scaling.RESBLOCK && blockOf(where).contains(BLOCKS.get(block));
          assertEquals(divided ? scales[block] / 2 : scales[block], training.scaler().scales()[block], where + ": scale of " + BLOCKS.get(block));
        }
        assertEquals(List.of(), last.parameters());
      }
    }
  }

  /** With everything in 16 bits that can be: what is kept stays as it is in the update, and the next one trains. */
  @ParameterizedTest
  @EnumSource
  void sixteenBitsStayAsTheyAreInASpoiltUpdate(ValueUpdate way) {
    for (Compute compute : List.of(Compute.F16, Compute.BF16)) {
      for (String where : List.of("layer1.mlp", "layer2.attention", "layer2.mlp.in.weight", "final.norm.gain", everywhere().getLast())) {
        TransformerStageConfig config = config(compute, true,
            new PrecisionConfig(Scaling.RESBLOCK, Moments.SIXTEEN_BIT, PrecisionConfig.Weights.SIXTEEN_BIT, way));
        try (Scope scope = device.newScope(); TransformerTraining training = training(config, scope)) {
          for (int step = 1; step <= 4; step++) {
            Map<String, byte[]> before = trained(training);
            spoilt(training).spoil(step == 3 ? where : "", Float.POSITIVE_INFINITY);
            training.update(step, BATCH, true, step == 3);
            if (step == 3) {
              same(before, trained(training), where);
            } else {
              assertFalse(Arrays.equals(before.get("layer1.attention.qkv.weight"), trained(training).get("layer1.attention.qkv.weight")), "step " + step);
            }
            assertEquals(step == 3, training.scaler().verdict().skipped());
          }
        }
      }
    }
  }

  /** Stopped within a window: scales, windows, counters, random bits and skips go on as in training that was not stopped. */
  @Test
  void aCheckpointWithinAWindow() throws IOException {
    TransformerStageConfig config = config(Compute.F16, false, SIXTEEN_BIT);
    Checkpoint checkpoint = new Checkpoint(folder, "transformer", config);
    Map<Integer, String> bad = Map.of(2, BLOCKS.get(1), 4, BLOCKS.get(3), 7, BLOCKS.get(1), 9, "final.norm.bias", 10, BLOCKS.get(0));
    Map<Integer, List<String>> divided = Map.of(2, List.of(BLOCKS.get(1)), 4, List.of(BLOCKS.get(3)), 10, List.of(BLOCKS.get(0)));
    try (Scope scope = device.newScope(); TransformerTraining whole = paperTraining(config, scope); TransformerTraining first = paperTraining(config, scope);
        TransformerTraining second = paperTraining(config, scope)) {
      TransformerTraining resumed = first;
      for (int step = 1; step <= 12; step++) {
        for (TransformerTraining each : List.of(whole, resumed)) {
          spoilt(each).spoil(bad.getOrDefault(step, ""), Float.NaN);
          each.update(step, BATCH, true, step == 6);
          assertEquals(bad.containsKey(step), each.scaler().verdict().skipped(), "step " + step);
          assertEquals(divided.getOrDefault(step, List.of()), each.scaler().verdict().divided(), "step " + step);
        }
        if (step == 5) {
          checkpoint.save(step, resumed.state(), new LossCurve(40), new StageClock());
          resumed = second;
          assertEquals(5, checkpoint.restore(resumed, new LossCurve(40), new StageClock()));
        }
        same(bits(whole.state()), bits(resumed.state()), "after step " + step);
        assertEquals(whole.scaling(), resumed.scaling());
      }
      assertTrue(resumed.scaling().endsWith(", 5 skipped"), resumed.scaling());
    }
  }

  private static TransformerTraining paperTraining(TransformerStageConfig config, Scope scope) {
    return new TransformerTraining(config, 5, scope, (owner, parameters, blocks) -> new SpoiltScaler(
        new BlockGradientScaler(owner, parameters, blocks, GradientScaleConfig.paper(1), Replicas.ALONE), parameters));
  }

  // Checkpoints that cannot be gone on from

  /** What is done to a state; new tensors come from the scope. */
  @FunctionalInterface
  private interface Change {
    List<NamedTensor> of(Scope scope, List<NamedTensor> state);
  }

  /** Saves a training's state with changes, and has another one go on from it. */
  private void refused(TransformerStageConfig config, Change change, String message) throws IOException {
    try (Scope scope = device.newScope(); TransformerTraining saved = new TransformerTraining(config, 5, scope);
        TransformerTraining untouched = new TransformerTraining(config, 6, scope)) {
      for (int step = 1; step <= 3; step++) {
        saved.update(step, BATCH, true, false);
      }
      untouched.update(1, BATCH, true, false);
      Checkpoint checkpoint = new Checkpoint(folder, "transformer", config);
      checkpoint.save(3, change.of(scope, saved.state()), new LossCurve(40), new StageClock());
      Map<String, byte[]> before = bits(untouched.state());
      double[] scales = untouched.scaler().scales();
      LossCurve curve = new LossCurve(40);
      curve.add(1, Map.of("loss", 1.0));
      String found = assertThrows(IOException.class, () -> checkpoint.restore(untouched, curve, new StageClock())).getMessage();
      assertEquals(folder.resolve("transformer.checkpoint-3.safetensors") + ": " + message, found);
      same(before, bits(untouched.state()), message);
      assertArrayEquals(scales, untouched.scaler().scales());
      assertEquals(1, curve.points().size());
      // Whole it is accepted, so that nothing but the change was to blame.
      checkpoint.save(3, saved.state(), new LossCurve(40), new StageClock());
      assertEquals(3, checkpoint.restore(untouched, curve, new StageClock()));
      same(bits(saved.state()), bits(untouched.state()), "restored");
      assertNotEquals(0, untouched.scaling().length());
    }
  }

  private static Change number(String name, int place, long value) {
    return (scope, state) -> {
      Tensor tensor = state.stream().filter(named -> named.name().equals(name)).findFirst().orElseThrow().tensor();
      int[] halves = tensor.toInts();
      halves[2 * place] = (int) value;
      halves[2 * place + 1] = (int) (value >>> 32);
      tensor.write(halves);
      return state;
    };
  }

  private static Change replaced(String name, BiFunction<Scope, NamedTensor, List<NamedTensor>> by) {
    return (scope, state) -> state.stream().flatMap(named -> named.name().equals(name) ? by.apply(scope, named).stream() : Stream.of(named)).toList();
  }

  @Test
  void scalesThatCannotBeAreRefused() throws IOException {
    TransformerStageConfig config = config(Compute.F16, false, SIXTEEN_BIT);
    String state = "state of gradient scaling: ";
    String damaged = "; the checkpoint is damaged. Begin without this state";
    String range = "; the checkpoint is damaged or was made with another range. Begin without this state";
    for (double scale : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -8192, 0, 127.9, 0x1.0001p24}) {
      refused(config, number("scaling.scale", 2, Double.doubleToRawLongBits(scale)),
          state + "gradient scale of layer2.attention: expected 128.0 to 1.6777216E7, got " + scale + range);
    }
    refused(config, number("scaling.division", 1, 4), state + "gradient scale of layer1.mlp: divided in update 4 of 3" + damaged);
    refused(config, number("scaling.updates", 1, 5), state + "scaling.updates: 5 of 3 updates skipped" + damaged);
    refused(config, number("scaling.counts", 7, -1), state + "scaling.counts: expected numbers from 0 on, got -1" + damaged);
    TransformerStageConfig loss = config(Compute.F16, false, SIXTEEN_BIT.with(Scaling.LOSS));
    refused(loss, number("scaling.scale", 0, Double.doubleToRawLongBits(Double.NaN)),
        state + "loss scale: expected a number from 2^-126 to what a float holds, got NaN" + damaged);
    refused(loss, number("scaling.good", 0, 2000), state + "loss scale: expected 0 to 1999 good updates in a row, got 2000; the checkpoint is damaged or was "
        + "made with another interval. Begin without this state");
  }

  @Test
  void otherMomentsAreRefused() throws IOException {
    TransformerStageConfig config = config(Compute.F16, false, SIXTEEN_BIT);
    String other = "; it was written with other moments. Configure those, or begin without this state";
    String weight = "layer1.mlp.in.weight";
    refused(config, replaced("adamw.mean.1-6-9." + weight, (scope, named) -> List.of(new NamedTensor("adamw.mean.1-6-9-v2." + weight, named.tensor()))),
        "state of AdamW: expected the mean of " + weight + " in 1-6-9 (adamw.mean.1-6-9." + weight + "), found the mean of " + weight
            + " in 1-6-9-v2 (adamw.mean.1-6-9-v2." + weight + ")" + other);
    refused(config, replaced("adamw.variance.0-6-10." + weight,
        (scope, named) -> List.of(new NamedTensor("adamw.variance." + weight, scope.zeros(DType.F32, named.tensor().shape())))),
        "state of AdamW: expected the variance of " + weight + " in 0-6-10 (adamw.variance.0-6-10." + weight + "), found the variance of " + weight
            + " in F32 (adamw.variance." + weight + ")" + other);
    refused(config, replaced("adamw.mean.final.norm.gain", (scope, named) -> List.of(new NamedTensor(named.name(), scope.zeros(DType.F16, Shape.of(16))))),
        "state of AdamW: expected the mean of final.norm.gain (adamw.mean.final.norm.gain) as F32, found it as F16; it is not as it was written. "
            + "Begin without this state");
    refused(config, replaced("adamw.updates", (scope, named) -> List.of(new NamedTensor(named.name(), scope.of(new int[] {-1}, 1)))),
        "state of AdamW: expected a number of updates of at least 0, found -1 (adamw.updates); the file is damaged. Begin without this state");
  }

  @Test
  void tensorsThatAreMissingLeftOverOrOfOtherShapesAreRefused() throws IOException {
    TransformerStageConfig config = config(Compute.F16, false, SIXTEEN_BIT);
    String not = " not fit; is it the file of another configuration?\n  ";
    String gain = "final.norm.gain";
    refused(config, replaced(gain, (scope, named) -> List.of()), "1 tensor does" + not + gain + ": expected F32[16], found none");
    refused(config, replaced(gain, (scope, named) -> List.of(named, new NamedTensor("final.norm.loss", named.tensor()))),
        "1 tensor does" + not + "final.norm.loss: expected none, found F32[16]");
    String moment = "adamw.mean.1-6-9.layer1.mlp.in.weight";
    refused(config, replaced(moment, (scope, named) -> List.of(new NamedTensor(moment, scope.zeros(DType.U16, Shape.of(32, 16))))),
        "1 tensor does" + not + moment + ": expected U16[64, 16], found U16[32, 16]");
    refused(config, replaced("scaling.scale", (scope, named) -> List.of(new NamedTensor(named.name(), scope.zeros(DType.I32, Shape.of(3, 2))))),
        "1 tensor does" + not + "scaling.scale: expected I32[4, 2], found I32[3, 2]");
    refused(config, replaced("scaling.division", (scope, named) -> List.of()), "1 tensor does" + not + "scaling.division: expected I32[4, 2], found none");
    refused(config, replaced("average." + gain, (scope, named) -> List.of(new NamedTensor(named.name(), scope.zeros(DType.F32, Shape.of(4, 4))))),
        "1 tensor does" + not + "average." + gain + ": expected F32[16], found F32[4, 4]");
  }

  @Test
  void halvingsThatCannotBeAreRefused() throws IOException {
    TransformerStageConfig config = config(Compute.F16, false, SIXTEEN_BIT).withHalving(new Halving.OnPlateau(0.1, 0.5, 3));
    String other = "; the checkpoint is damaged or was made with other numbers. Begin without this state";
    refused(config, number("plateau.state", 4, 4), "state of the step size: plateau: halvings: expected 0 to 3, got 4" + other);
    refused(config, number("plateau.state", 4, 1L << 40), "state of the step size: plateau: halvings: expected 0 to 3, got 2147483647" + other);
    refused(config, number("plateau.state", 1, Double.doubleToRawLongBits(Double.NaN)),
        "state of the step size: plateau: smoothed loss: expected a finite number, got NaN" + other);
  }
}
