package dev.dalle.dist.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.Communicator;
import dev.dalle.dist.threads.ThreadWorld;
import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.tensor.Activation;
import dev.dalle.tensor.BlockPasses;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Parameter.Kind;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stack of perceptrons that nobody but this test knows, split over ranks, trains as it does in one piece. */
class ShardedTrainingTest {
  private static final int BLOCKS = 3;
  private static final int WIDTH = 10;
  private static final int HIDDEN = 14;
  private static final int BATCH = 12;
  private static final int UPDATES = 5;
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  /** Splits one matrix of each block by its columns and the other as two stacked ones. */
  private static final ShardRule RULE = (name, kind, shape, ranks) -> name.endsWith("out.weight") ? ShardRule.columns(shape, ranks)
      : name.endsWith("in.weight") ? ShardRule.rows(shape, 2, ranks) : ShardRule.outermost().layout(name, kind, shape, ranks);

  private static void add(ParameterSet set) {
    for (int block = 0; block < BLOCKS; block++) {
      set.add(block + ".in.weight", Kind.MATRIX, HIDDEN, WIDTH);
      set.add(block + ".in.bias", Kind.FULL, HIDDEN);
      set.add(block + ".out.weight", Kind.MATRIX, WIDTH, HIDDEN);
      set.add(block + ".out.bias", Kind.FULL, WIDTH);
    }
  }

  private static Tensor apply(Tape tape, ParameterSet set, int block, Tensor x) {
    Tensor hidden = tape.activation(Activation.QUICK_GELU, tape.linear(x, set.get(block + ".in.weight"), set.get(block + ".in.bias")));
    return tape.add(x, tape.linear(hidden, set.get(block + ".out.weight"), set.get(block + ".out.bias")));
  }

  /** Rows of a batch, and the gradient of their outputs: a fixed function of both, as of a mean over the batch. */
  private static Tensor rows(Scope scope, long update, int from, int to) {
    Tensor all = scope.allocate(DType.F32, BATCH, WIDTH);
    scope.device().ops().normal(11, update, 1, all);
    return all.slice(from, to);
  }

  private static Tensor outputGradient(Scope scope, Tensor out) {
    Tensor gradient = scope.allocate(DType.F32, out.shape());
    scope.device().ops().scale(out, 1.0 / out.dim(0), gradient);
    return gradient;
  }

  private static Map<String, float[]> alone(Device device, boolean finalGradients) {
    try (Scope scope = device.newScope()) {
      ParameterSet set = new ParameterSet(scope);
      add(set);
      set.forEach(parameter -> parameter.drawNormal(3, parameter.name().hashCode(), 0.3));
      AdamW adam = new AdamW(scope, set.all(), AdamWConfig.TRANSFORMER);
      for (int update = 1; update <= UPDATES; update++) {
        try (Scope step = device.newScope()) {
          Tape tape = Tape.recording(step, DType.F32);
          Tensor x = rows(step, update, 0, BATCH);
          for (int block = 0; block < BLOCKS; block++) {
            int number = block;
            x = tape.checkpoint(input -> apply(input.tape(), set, number, input.x()), x);
          }
          set.clearGradients();
          tape.backward(x, outputGradient(step, x));
          adam.update(0.01, 1);
        }
      }
      Map<String, float[]> result = new TreeMap<>();
      set.forEach(parameter -> result.put(parameter.name(), finalGradients ? parameter.gradient().toFloats() : parameter.value().toFloats()));
      return result;
    }
  }

  /** Every parameter, or its last gradient, as each rank sees it in the end. */
  private static Map<String, float[]> sharded(Communicator machine, boolean finalGradients) {
    Device device = machine.device();
    try (Scope scope = device.newScope()) {
      ParameterSet set = ParameterSet.detached(scope, DType.F32);
      add(set);
      List<ShardedBlock> blocks = new ArrayList<>();
      for (int block = 0; block < BLOCKS; block++) {
        String prefix = block + ".";
        blocks.add(new ShardedBlock("block" + block, set.stream().filter(parameter -> parameter.name().startsWith(prefix)).toList()));
      }
      try (ShardedParameters sharded = new ShardedParameters(scope, machine, blocks, RULE)) {
        initialise(scope, sharded);
        AdamW adam = AdamW.ofShards(scope, sharded.optimized(), AdamWConfig.TRANSFORMER);
        long before = device.bytesInUse();
        for (int update = 1; update <= UPDATES; update++) {
          sharded.shards().clearGradients();
          try (Scope step = device.newScope()) {
            int share = BATCH / machine.size();
            Tape tape = Tape.recording(step, DType.F32);
            Tensor x = rows(step, update, machine.rank() * share, (machine.rank() + 1) * share);
            for (int block = 0; block < BLOCKS; block++) {
              int number = block;
              x = tape.checkpoint(input -> apply(input.tape(), set, number, input.x()), x, passes(sharded, number));
            }
            tape.backward(x, outputGradient(step, x));
          }
          sharded.collectGradients(0);
          adam.update(0.01, 1);
          assertEquals(before, device.bytesInUse());
        }
        Map<String, float[]> result = new TreeMap<>();
        for (int block = 0; block < BLOCKS; block++) {
          for (int i = 0; i < sharded.block(block).size(); i++) {
            ShardedParameter parameter = sharded.block(block).get(i);
            try (Scope whole = device.newScope()) {
              Tensor read = whole.allocate(DType.F32, parameter.whole().shape());
              sharded.read(parameter.layout(), finalGradients ? parameter.shard().gradient() : parameter.shard().value(), read);
              result.put(parameter.whole().name(), read.toFloats());
            }
          }
        }
        return result;
      }
    }
  }

  private static void initialise(Scope scope, ShardedParameters sharded) {
    for (int block = 0; block < sharded.blockCount(); block++) {
      for (ShardedParameter parameter : sharded.block(block)) {
        try (Scope whole = scope.device().newScope()) {
          Parameter drawn = new Parameter(whole, parameter.whole().name(), parameter.whole().kind(), parameter.whole().shape());
          drawn.drawNormal(3, drawn.name().hashCode(), 0.3);
          sharded.write(parameter, drawn.value());
        }
      }
    }
  }

  /** The next block is gathered while this one runs. */
  private static BlockPasses passes(ShardedParameters sharded, int block) {
    return new BlockPasses() {
      @Override
      public void beginForward() {
        sharded.attach(block);
        if (block + 1 < BLOCKS) {
          sharded.gather(block + 1);
        }
      }

      @Override
      public void endForward() {
        sharded.detach(block);
        assertThrows(IllegalStateException.class, () -> sharded.block(block).getFirst().whole().value());
      }

      @Override
      public void beginBackward() {
        sharded.attach(block);
        if (block + 1 < BLOCKS) {
          sharded.collectGradients(block + 1);
        }
        if (block > 0) {
          sharded.gather(block - 1);
        }
        sharded.attachGradients(block);
      }

      @Override
      public void endBackward() {
        sharded.scatterGradients(block);
        sharded.detach(block);
      }
    };
  }

  private static void near(Map<String, float[]> expected, Map<String, float[]> actual, double tolerance) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> {
      double norm = 0;
      double error = 0;
      for (int i = 0; i < values.length; i++) {
        norm += (double) values[i] * values[i];
        error += Math.pow(values[i] - actual.get(name)[i], 2);
      }
      assertTrue(Math.sqrt(error) <= tolerance * Math.sqrt(norm), name + ": " + Math.sqrt(error / norm));
    });
  }

  private static Map<String, float[]> world(int size, IntFunction<Device> device, boolean finalGradients) throws InterruptedException {
    ConcurrentHashMap<Integer, Map<String, float[]>> all = new ConcurrentHashMap<>();
    ThreadWorld.run(size, device, DEADLINE, communicator -> all.put(communicator.rank(), sharded(communicator, finalGradients)));
    for (int rank = 1; rank < size; rank++) {
      Map<String, float[]> other = all.get(rank);
      all.get(0).forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
    }
    return all.get(0);
  }

  @ParameterizedTest
  @CsvSource({"2, false", "3, false", "4, false", "2, true"})
  void trainsAsInOnePiece(int size, boolean opaque) throws InterruptedException {
    IntFunction<Device> device = rank -> opaque ? OpaqueDevice.open(1) : Device.cpu(1);
    near(alone(Device.cpu(1), true), world(size, device, true), 1e-6);
    near(alone(Device.cpu(1), false), world(size, device, false), 1e-4);
  }

  @Test
  void oneRankGivesTheBitsOfNone() throws InterruptedException {
    Map<String, float[]> expected = alone(Device.cpu(1), false);
    Map<String, float[]> actual = world(1, rank -> Device.cpu(1), false);
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  @Test
  void theSameWorldGivesTheSameBits() throws InterruptedException {
    Map<String, float[]> once = world(3, rank -> Device.cpu(1), false);
    Map<String, float[]> again = world(3, rank -> Device.cpu(1), false);
    once.forEach((name, values) -> assertArrayEquals(values, again.get(name), name));
  }
}
