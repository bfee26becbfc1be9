package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.internal.cpu.Kernels;
import dev.dalle.attention.testing.TestCpu;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The processor's kernels against the reference in double, and what both must keep to. */
class AttentionOpsTest {
  /** One comparison. */
  record Case(AttentionPattern pattern, int states, int batch, int heads, int depth, DType dtype, double spread) {
    long[] packed() {
      return new long[] {batch, states, 3, heads, depth};
    }
  }

  private static final List<DType> TYPES = List.of(DType.F32, DType.BF16, DType.F16);

  /** An implementation on a device. */
  record Runner(String name, Device device, AttentionOps ops) {
    static Runner reference() {
      Device device = new ReferenceDevice();
      return new Runner("reference", device, device.operations(AttentionOps.class));
    }

    static Runner vectors(int threads) {
      CpuDevice device = TestCpu.device(threads);
      return new Runner("vectors", device, Kernels.vectors(device));
    }

    static Runner steps(int threads) {
      CpuDevice device = TestCpu.device(threads);
      return new Runner("steps", device, Kernels.steps(device));
    }

    /** Those of the processor that differ for a type. */
    static List<Runner> of(DType dtype, int threads) {
      return dtype == DType.BF16 && TestCpu.device(1).computesIn(dtype) ? List.of(vectors(threads), steps(threads)) : List.of(vectors(threads));
    }
  }

  /** Results of forward and backward as floats. */
  record Results(float[] out, float[] logSumExp, float[] gradQkv) {}

  static Stream<Case> cases() {
    Random random = new Random(11);
    Stream.Builder<Case> cases = Stream.builder();
    // Texts and grids around multiples of the tile, depths around vectors, prefixes of the stream.
    int[][] sizes = {{1, 1, 1}, {0, 3, 5}, {3, 3, 8}, {7, 4, 13}, {12, 8, 32}, {16, 8, 64}, {17, 5, 33}, {31, 7, 16}, {33, 9, 48}, {15, 16, 64}, {64, 6, 72}, {70, 18, 24}};
    for (int[] size : sizes) {
      List<AttentionPattern> patterns = size[1] < 3
          ? List.of(new AttentionPattern.Row(size[0], size[1]), new AttentionPattern.Convolution(size[0], size[1], 1))
          : AttentionPatternTest.patterns(size[0], size[1]);
      for (AttentionPattern pattern : patterns) {
        for (DType dtype : TYPES) {
          int states = random.nextBoolean() ? pattern.length() : 1 + random.nextInt(pattern.length());
          int most = states < 60 ? 3 : 2;
          cases.add(new Case(pattern, states, 1 + random.nextInt(most), 1 + random.nextInt(most), size[2], dtype, random.nextBoolean() ? 1 : 4));
        }
      }
    }
    return cases.build();
  }

  private static float[] normal(long count, long stream, double deviation) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) deviation * Philox.normal(5, stream, i);
    }
    return values;
  }

  private static Results run(Runner runner, Case c, float[] qkv, float[] gradOut) {
    AttentionOps attention = runner.ops();
    try (Scope scope = runner.device().newScope()) {
      Tensor x = scope.allocate(c.dtype(), c.packed());
      x.write(qkv);
      Tensor out = scope.allocate(c.dtype(), c.batch(), c.states(), (long) c.heads() * c.depth());
      Tensor sums = scope.allocate(DType.F32, c.batch(), c.heads(), c.states());
      attention.forward(x, c.pattern(), out, sums);
      Tensor grad = scope.allocate(c.dtype(), out.shape());
      grad.write(gradOut);
      Tensor gradX = scope.allocate(c.dtype(), c.packed());
      attention.backward(x, c.pattern(), out, sums, grad, gradX);
      return new Results(out.toFloats(), sums.toFloats(), gradX.toFloats());
    }
  }

  /** The reference is slow, and small cases say all about it. */
  private static List<Runner> runners(Case c) {
    List<Runner> runners = new ArrayList<>(Runner.of(c.dtype(), 2));
    if (c.states() < 60) {
      runners.add(Runner.reference());
    }
    return runners;
  }

  private static float[] qkv(Case c) {
    return normal((long) c.batch() * c.states() * 3 * c.heads() * c.depth(), 1, c.spread());
  }

  private static float[] gradOut(Case c) {
    return normal((long) c.batch() * c.states() * c.heads() * c.depth(), 2, 1);
  }

  private static void assertClose(float[] expected, float[] actual, double tolerance, String what) {
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertTrue(Math.abs(expected[i] - actual[i]) <= tolerance * largest,
          what + ": element " + i + " is " + actual[i] + ", expected " + expected[i] + " within " + tolerance + " of " + largest);
    }
  }

  /**
   * F32 sums and probabilities: some units in the last place times the size of scores (spread 4 makes them about 16 sqrt(D)). Results in 16 bits are rounded once
   * on both sides, and may fall on either side. Steps round probabilities as well.
   */
  private static double tolerance(Case c) {
    return (c.dtype() == DType.F32 ? 0 : c.dtype().epsilon()) + c.spread() * c.spread() * 4e-6;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void processorAgreesWithReference(Case c) {
    Results expected = run(Runner.reference(), c, qkv(c), gradOut(c));
    for (Runner runner : Runner.of(c.dtype(), 2)) {
      Results actual = run(runner, c, qkv(c), gradOut(c));
      double tolerance = runner.name().equals("steps") ? 1e-2 : tolerance(c);
      assertClose(expected.out(), actual.out(), tolerance, runner.name() + " out");
      assertClose(expected.logSumExp(), actual.logSumExp(), 4e-6, runner.name() + " logSumExp");
      assertClose(expected.gradQkv(), actual.gradQkv(), tolerance, runner.name() + " gradQkv");
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void threadsAndRepetitionChangeNoBit(Case c) {
    for (int i = 0; i < Runner.of(c.dtype(), 1).size(); i++) {
      Results one = run(Runner.of(c.dtype(), 1).get(i), c, qkv(c), gradOut(c));
      for (int threads : new int[] {1, 2, 3}) {
        Results other = run(Runner.of(c.dtype(), threads).get(i), c, qkv(c), gradOut(c));
        assertArrayEquals(one.out(), other.out());
        assertArrayEquals(one.logSumExp(), other.logSumExp());
        assertArrayEquals(one.gradQkv(), other.gradQkv());
      }
    }
  }

  /** Changing state t changes no output before t by one bit, and a gradient that enters at outputs up to t reaches no input after t. */
  @ParameterizedTest
  @MethodSource("cases")
  void nothingLeaksFromTheFuture(Case c) {
    for (Runner runner : runners(c)) {
      int row = 3 * c.heads() * c.depth();
      int outRow = c.heads() * c.depth();
      int changed = c.states() / 2;
      float[] before = qkv(c);
      float[] after = before.clone();
      float[] grad = gradOut(c);
      for (int b = 0; b < c.batch(); b++) {
        for (int i = 0; i < row; i++) {
          after[(b * c.states() + changed) * row + i] = 1000 - 3 * i;
        }
        Arrays.fill(grad, (b * c.states() + changed) * outRow, (b + 1) * c.states() * outRow, 0);
      }
      Results first = run(runner, c, before, grad);
      Results second = run(runner, c, after, grad);
      for (int b = 0; b < c.batch(); b++) {
        for (int i = 0; i < changed * outRow; i++) {
          int at = b * c.states() * outRow + i;
          assertEquals(Float.floatToIntBits(first.out()[at]), Float.floatToIntBits(second.out()[at]), runner.name() + ": output " + at);
        }
        for (int i = changed * row; i < c.states() * row; i++) {
          assertEquals(0f, Math.abs(first.gradQkv()[b * c.states() * row + i]), runner.name() + ": gradient of state " + i / row);
        }
      }
    }
  }

  /** Scores in the thousands, whose exponentials overflow unless the greatest is subtracted first. */
  @Test
  void largeScoresStayFinite() {
    for (AttentionPattern pattern : AttentionPatternTest.patterns(7, 4)) {
      Case c = new Case(pattern, pattern.length(), 1, 2, 24, DType.F32, 100);
      Results expected = run(Runner.reference(), c, qkv(c), gradOut(c));
      Results actual = run(Runner.vectors(2), c, qkv(c), gradOut(c));
      assertClose(expected.out(), actual.out(), 2e-2, "out");
      for (float value : actual.gradQkv()) {
        assertTrue(Float.isFinite(value));
      }
    }
  }

  @Test
  void bidirectionalAttentionAgreesWithReference() {
    for (int states : new int[] {1, 31, 150}) {
      for (DType dtype : TYPES) {
        Case c = new Case(new AttentionPattern.Bidirectional(states), states, 2, 2, 16, dtype, 1);
        Results expected = run(Runner.reference(), c, qkv(c), gradOut(c));
        for (Runner runner : Runner.of(dtype, 2)) {
          Results actual = run(runner, c, qkv(c), gradOut(c));
          assertClose(expected.out(), actual.out(), dtype == DType.F32 ? 4e-6 : 1e-2, runner.name() + " out");
          assertClose(expected.gradQkv(), actual.gradQkv(), dtype == DType.F32 ? 4e-6 : 1e-2, runner.name() + " gradQkv");
        }
      }
    }
  }

  /** Ten thousand shapes and values up to the greatest of their type, products of which F32 cannot hold. Gradients in F16 may be infinite. */
  @Test
  void finiteNumbersNeverGiveNaN() {
    Random random = new Random(3);
    Map<DType, List<Runner>> runners = TYPES.stream().collect(Collectors.toMap(dtype -> dtype, dtype -> Runner.of(dtype, 1)));
    int[] depths = {1, 8, 24};
    for (int trial = 0; trial < 10_000; trial++) {
      int side = 1 + random.nextInt(4);
      List<AttentionPattern> patterns = side < 3 ? List.of(new AttentionPattern.Row(random.nextInt(8), side))
          : AttentionPatternTest.patterns(random.nextInt(8), side);
      AttentionPattern pattern = patterns.get(random.nextInt(patterns.size()));
      DType dtype = TYPES.get(random.nextInt(TYPES.size()));
      Case c = new Case(pattern, 1 + random.nextInt(pattern.length()), 1, 1, depths[random.nextInt(3)], dtype, 1);
      int exponent = dtype == DType.F16 ? random.nextInt(-24, 16) : random.nextInt(-126, 128);
      float[] qkv = numbers(random, (int) ((long) c.states() * 3 * c.depth()), exponent);
      float[] gradOut = numbers(random, c.states() * c.depth(), random.nextBoolean() ? exponent : 0);
      for (Runner runner : runners.get(dtype)) {
        Results results = run(runner, c, qkv, gradOut);
        for (float[] values : List.of(results.out(), results.logSumExp(), results.gradQkv())) {
          boolean infinite = dtype == DType.F16 && values == results.gradQkv();
          for (float value : values) {
            assertTrue(Float.isFinite(value) || infinite && !Float.isNaN(value),
                () -> runner.name() + ", trial with " + c + " and numbers up to 2^" + exponent + ": " + value);
          }
        }
      }
    }
  }

  /** Some of the size 2^exponent, some small, some zero; all of them BF16. */
  private static float[] numbers(Random random, int count, int exponent) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      float x = (1 + random.nextInt(128) / 128f) * (random.nextBoolean() ? 1 : -1);
      numbers[i] = switch (random.nextInt(4)) {
        case 0 -> 0;
        case 1 -> x;
        default -> Math.scalb(x, exponent);
      };
    }
    return numbers;
  }

  /** Where scores overflow, results are those of the reference. */
  @Test
  void greatNumbersAreExact() {
    for (AttentionPattern pattern : AttentionPatternTest.patterns(5, 4)) {
      for (DType dtype : List.of(DType.F32, DType.BF16)) {
        Case c = new Case(pattern, pattern.length(), 1, 2, 8, dtype, 1e20);
        Results expected = run(Runner.reference(), c, qkv(c), gradOut(c));
        for (Runner runner : Runner.of(dtype, 2)) {
          Results actual = run(runner, c, qkv(c), gradOut(c));
          assertClose(expected.out(), actual.out(), dtype.epsilon(), runner.name() + " out");
        }
      }
    }
  }

  /** Numbers up to the greatest of F16: gradients become infinite where F16 ends and nowhere else. */
  @Test
  void gradientsInHalfPrecisionOverflowToInfinity() {
    for (AttentionPattern pattern : AttentionPatternTest.patterns(5, 4)) {
      for (double spread : new double[] {30, 3000, 12_000}) {
        Case c = new Case(pattern, pattern.length(), 1, 2, 8, DType.F16, spread);
        float[] qkv = qkv(c);
        float[] gradOut = gradOut(c);
        for (int i = 0; i < gradOut.length; i++) {
          gradOut[i] *= (float) spread;
        }
        Results expected = run(Runner.reference(), c, qkv, gradOut);
        Results actual = run(Runner.vectors(2), c, qkv, gradOut);
        assertClose(expected.out(), actual.out(), 2 * DType.F16.epsilon(), "out");
        int infinite = 0;
        for (int i = 0; i < expected.gradQkv().length; i++) {
          float right = expected.gradQkv()[i];
          float found = actual.gradQkv()[i];
          assertFalse(Float.isNaN(found), "gradient " + i + ", expected " + right);
          infinite += Float.isInfinite(found) ? 1 : 0;
          if (Float.isInfinite(right)) {
            assertEquals(right, found, "gradient " + i);
          } else {
            assertTrue(Float.isFinite(found) || Math.abs(right) > 65_000, "gradient " + i + " is " + found + ", expected " + right);
          }
        }
        assertTrue(spread < 10_000 || infinite > 0, "the test should reach beyond F16");
      }
    }
  }

  /** An infinity or NaN in the gradient of one head's output makes its own gradient not finite at once, and touches no other head or sequence. */
  @ParameterizedTest
  @MethodSource("cases")
  void whatIsNotFiniteStaysInItsHead(Case c) {
    int outRow = c.heads() * c.depth();
    int row = 3 * outRow;
    int state = c.states() / 2;
    int sequence = c.batch() - 1;
    int head = c.heads() - 1;
    for (Runner runner : Runner.of(c.dtype(), 2)) {
      Results clean = run(runner, c, qkv(c), gradOut(c));
      for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
        float[] grad = gradOut(c);
        grad[(sequence * c.states() + state) * outRow + head * c.depth()] = bad;
        Results dirty = run(runner, c, qkv(c), grad);
        for (int i = 0; i < clean.gradQkv().length; i++) {
          boolean same = i / row / c.states() == sequence && i % outRow / c.depth() == head;
          if (!same) {
            assertEquals(clean.gradQkv()[i], dirty.gradQkv()[i], runner.name() + ": gradient " + i + " is of another head");
          }
        }
        // The state reads itself, so its own value's first number gets a share of it.
        float own = dirty.gradQkv()[(sequence * c.states() + state) * row + 2 * outRow + head * c.depth()];
        assertFalse(Float.isFinite(own), runner.name() + ": " + own + " from " + bad);
      }
    }
  }

  @Test
  void referenceGradientIsThatOfCentralDifferences() {
    for (AttentionPattern pattern : AttentionPatternTest.patterns(4, 3)) {
      for (int states : new int[] {pattern.length(), 9, 3}) {
        ReferenceDevice device = new ReferenceDevice();
        try (Scope scope = device.newScope()) {
          Tensor qkv = scope.allocate(DType.F32, 2, states, 3, 2, 3);
          qkv.write(normal(qkv.elementCount(), 3, 1));
          GradientCheck.check(device, List.of(qkv), List.of(), (tape, inputs) -> Attention.attend(tape, inputs.getFirst(), pattern));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void decodingAgreesWithReferenceAndWithWholeSequences(Case c) {
    int states = c.states();
    float[] whole = qkv(c);
    float[] expected = run(Runner.reference(), c, whole, gradOut(c)).out();
    for (int promptStates : new int[] {0, states / 2, Math.min(c.pattern().textLength(), states / 2)}) {
      for (Runner runner : runners(c)) {
        float[] actual = decode(runner, c, whole, promptStates);
        int outRow = c.heads() * c.depth();
        double tolerance = tolerance(c);
        for (int b = 0; b < c.batch(); b++) {
          int from = (b * states + promptStates) * outRow;
          int to = (b + 1) * states * outRow;
          assertClose(Arrays.copyOfRange(expected, from, to), Arrays.copyOfRange(actual, from, to), tolerance,
              runner.name() + " sequence " + b + ", prompt of " + promptStates);
        }
      }
    }
  }

  /** State after state from the prompt on; sequence n reads prompt B - 1 - n of a list that is turned around. */
  private static float[] decode(Runner runner, Case c, float[] whole, int promptStates) {
    AttentionOps attention = runner.ops();
    int row = 3 * c.heads() * c.depth();
    int outRow = c.heads() * c.depth();
    float[] all = new float[c.batch() * c.states() * outRow];
    try (Scope scope = runner.device().newScope()) {
      Tensor prompts = scope.allocate(c.dtype(), c.batch(), promptStates, 3, c.heads(), c.depth());
      float[] promptValues = new float[c.batch() * promptStates * row];
      int[] promptOf = new int[c.batch()];
      for (int b = 0; b < c.batch(); b++) {
        System.arraycopy(whole, b * c.states() * row, promptValues, (c.batch() - 1 - b) * promptStates * row, promptStates * row);
        promptOf[b] = c.batch() - 1 - b;
      }
      prompts.write(promptValues);
      // No more than what the pattern still needs, where there is less of it than states to come.
      int needed = promptStates < c.pattern().textLength() ? c.states() : c.pattern().greatestReach() + 1;
      Tensor cache = scope.allocate(c.dtype(), c.batch(), Math.min(needed, c.states() - promptStates), 2, c.heads(), c.depth());
      Tensor of = scope.of(promptOf, c.batch());
      for (int position = promptStates; position < c.states(); position++) {
        float[] states = new float[c.batch() * row];
        for (int b = 0; b < c.batch(); b++) {
          System.arraycopy(whole, (b * c.states() + position) * row, states, b * row, row);
        }
        Tensor qkv = scope.allocate(c.dtype(), c.batch(), 3, c.heads(), c.depth());
        qkv.write(states);
        Tensor out = scope.allocate(c.dtype(), c.batch(), outRow);
        attention.decode(qkv, c.pattern(), position, prompts, of, cache, out);
        float[] values = out.toFloats();
        for (int b = 0; b < c.batch(); b++) {
          System.arraycopy(values, b * outRow, all, (b * c.states() + position) * outRow, outRow);
        }
      }
    }
    return all;
  }

  @Test
  void refusesWhatDoesNotFit() {
    for (Device device : List.of(TestCpu.device(1), new ReferenceDevice())) {
      AttentionOps attention = device.operations(AttentionOps.class);
      AttentionPattern pattern = new AttentionPattern.Row(3, 2);
      try (Scope scope = device.newScope()) {
        Tensor qkv = scope.allocate(DType.F32, 2, 7, 3, 2, 4);
        Tensor out = scope.allocate(DType.F32, 2, 7, 8);
        Tensor sums = scope.allocate(DType.F32, 2, 2, 7);
        String at = "@" + device.name();
        assertMessage("qkv: expected at most the 5 states of Row[textLength=1, gridSide=2], got F32[2, 7, 3, 2, 4]" + at,
            () -> attention.forward(qkv, new AttentionPattern.Row(1, 2), out, sums));
        assertMessage("qkv: expected [sequences, states, 3, heads, numbers a head], got F32[2, 7, 8]" + at,
            () -> attention.forward(out, pattern, out, sums));
        assertMessage("qkv: expected a floating-point tensor, got I32[2, 7, 3, 2, 4]" + at,
            () -> attention.forward(scope.allocate(DType.I32, qkv.shape()), pattern, out, sums));
        assertMessage("out: expected F16[2, 7, 8] (sequences, states, heads times numbers a head), got F32[2, 7, 8]" + at,
            () -> attention.forward(scope.allocate(DType.F16, qkv.shape()), pattern, out, sums));
        assertMessage("out: expected F32[2, 7, 8] (sequences, states, heads times numbers a head), got F32[2, 2, 7]" + at,
            () -> attention.forward(qkv, pattern, sums, sums));
        assertMessage("logSumExp: expected F32[2, 2, 7] (sequences, heads, states), got F32[2, 7, 8]" + at,
            () -> attention.forward(qkv, pattern, out, out));
        assertMessage("gradOut: expected F32[2, 7, 8] (like out), got F32[2, 2, 7]" + at,
            () -> attention.backward(qkv, pattern, out, sums, sums, qkv));
        assertMessage("gradQkv: expected F32[2, 7, 3, 2, 4] (like qkv), got F32[2, 7, 8]" + at,
            () -> attention.backward(qkv, pattern, out, sums, out, out));
        Tensor one = scope.allocate(DType.F32, 2, 3, 2, 4);
        Tensor prompts = scope.allocate(DType.F32, 1, 3, 3, 2, 4);
        Tensor cache = scope.allocate(DType.F32, 2, 2, 2, 2, 4);
        Tensor result = scope.allocate(DType.F32, 2, 8);
        assertMessage("position: expected 3 to 6 (prompts [1, 3, 3, 2, 4], Row[textLength=3, gridSide=2]), got 7",
            () -> attention.decode(one, pattern, 7, prompts, scope.of(new int[2], 2), cache, result));
        assertMessage("cache: expected at least 3 states for position 5 after prompts [1, 3, 3, 2, 4] with Row[textLength=3, gridSide=2], got F32[2, 2, 2, 2, 4]"
            + at, () -> attention.decode(one, pattern, 5, prompts, scope.of(new int[2], 2), cache, result));
        assertMessage("promptOf: expected I32[2] (one for each sequence), got I32[3]" + at,
            () -> attention.decode(one, pattern, 3, prompts, scope.of(new int[3], 3), cache, result));
        Throwable failure = assertThrows(RuntimeException.class,
            () -> attention.decode(one, pattern, 3, prompts, scope.of(new int[] {0, 1}, 2), cache, result));
        assertTrue(failure.getMessage().contains("promptOf: sequence 1 has prompt 1"), failure.getMessage());
      }
    }
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(ShapeException.class, action::run).getMessage());
  }
}
