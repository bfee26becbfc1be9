package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.shard.ShardedParameter;
import dev.dalle.dist.shard.ShardedParameters;
import dev.dalle.dist.threads.ThreadWorld;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.PrecisionConfig.Scaling;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A transformer that is split over the ranks of a machine trains as it does in one piece. */
class ManyRanksTest {
  private static final TransformerConfig MODEL = TransformerConfig.of(7, 3, 11, 13, 2, 12, 2)
      .withInitialisation(new TransformerConfig.Initialisation(1, 1, false));
  /** Captions of many lengths: ranks have different numbers of text tokens. */
  private static final int[][] CAPTIONS = {{1, 2, 3, 4, 5, 6}, {7}, {}, {8, 9, 10}, {3, 3}, {2, 1, 0, 5}, {10}, {4, 8, 6, 2, 0}, {1}, {5, 5, 5}, {6, 7}, {9}};
  private static final int STEPS = 4;

  /** What training comes to: the numbers of every update, and every tensor of the state as a whole after the first and after the last. */
  private record Result(List<Map<String, Double>> numbers, Map<String, float[]> first, Map<String, float[]> last) {}

  private static TokenBatch batch(int step, int from, int to) {
    int[][] captions = Arrays.copyOfRange(CAPTIONS, from, to);
    int[][] images = new int[to - from][9];
    for (int i = 0; i < images.length; i++) {
      int example = from + i;
      Arrays.setAll(images[i], token -> (token * token + 3 * example + step) % 13);
    }
    return new TokenBatch(captions, images);
  }

  private static Result train(Communicator machine, TransformerStageConfig config) {
    try (Scope scope = machine.device().newScope(); TransformerTraining training = new TransformerTraining(config, 5, scope, machine)) {
      int share = CAPTIONS.length / machine.size();
      List<Map<String, Double>> numbers = new ArrayList<>();
      Map<String, float[]> first = Map.of();
      for (int step = 1; step <= STEPS; step++) {
        numbers.add(training.update(step, batch(step, machine.rank() * share, (machine.rank() + 1) * share), true, false));
        if (step == 1) {
          first = whole(training);
        }
      }
      numbers.add(Map.of("shuffled", training.shuffled(batch(9, 0, CAPTIONS.length)).orElseThrow()));
      return new Result(numbers, first, new TreeMap<>(whole(training)));
    }
  }

  private static Map<String, float[]> whole(TransformerTraining training) {
    Map<String, Tensor> state = training.state().stream().collect(Collectors.toMap(NamedTensor::name, NamedTensor::tensor));
    ShardedParameters sharded = training.split().sharded();
    Map<String, float[]> all = new TreeMap<>();
    for (int block = 0; block < sharded.blockCount(); block++) {
      for (ShardedParameter parameter : sharded.block(block)) {
        String name = parameter.whole().name();
        for (String kept : List.of(name, "adamw.mean." + name, "adamw.variance." + name, "average." + name)) {
          try (Scope scope = state.get(kept).device().newScope()) {
            Tensor whole = scope.allocate(DType.F32, parameter.whole().shape());
            sharded.read(parameter.layout(), state.get(kept), whole);
            all.put(kept, whole.toFloats());
          }
        }
      }
    }
    return all;
  }

  private static Result world(int size, TransformerStageConfig config) throws InterruptedException {
    ConcurrentHashMap<Integer, Result> results = new ConcurrentHashMap<>();
    ThreadWorld.run(size, rank -> Device.cpu(1), Duration.ofSeconds(60), machine -> results.put(machine.rank(), train(machine, config)));
    for (int rank = 1; rank < size; rank++) {
      assertEquals(results.get(0).numbers, results.get(rank).numbers);
      Map<String, float[]> other = results.get(rank).last;
      results.get(0).last.forEach((name, values) -> assertArrayEquals(values, other.get(name), name));
    }
    return results.get(0);
  }

  private static void near(Map<String, float[]> expected, Map<String, float[]> actual, String what, double tolerance) {
    expected.forEach((name, values) -> {
      if (name.startsWith(what)) {
        double norm = 0;
        double error = 0;
        for (int i = 0; i < values.length; i++) {
          norm += (double) values[i] * values[i];
          error += Math.pow(values[i] - actual.get(name)[i], 2);
        }
        assertTrue(Math.sqrt(error) <= tolerance * Math.sqrt(norm) + 1e-12, name + ": " + Math.sqrt(error / norm));
      }
    });
  }

  @ParameterizedTest
  @CsvSource({"2, true, NONE", "2, false, RESBLOCK", "3, true, RESBLOCK", "4, true, LOSS", "4, false, NONE"})
  void trainsAsInOnePiece(int size, boolean recompute, Scaling scaling) throws InterruptedException {
    TransformerStageConfig config = new TransformerStageConfig(MODEL, Compute.F32, 40, 2, 1e-3, 1e-4, 0.1, 0, 0, 0.01, 0.9, 1, 4, recompute, 4)
        .withPrecision(PrecisionConfig.PLAIN.with(scaling));
    Result alone = world(1, config);
    Result split = world(size, config);
    // After one update the running mean is a tenth of the gradient.
    near(alone.first, split.first, "adamw.mean.", 2e-6);
    // The keys' biases have no gradient but rounding errors, which AdamW makes steps of.
    alone.last.keySet().removeIf(name -> name.endsWith("qkv.bias"));
    near(alone.last, split.last, "", 2e-3);
    for (int step = 0; step < alone.numbers.size(); step++) {
      Map<String, Double> numbers = split.numbers.get(step);
      alone.numbers.get(step).forEach((name, value) -> {
        if (!name.startsWith("moments.")) {
          assertEquals(value, numbers.get(name), 1e-4 * Math.abs(value), name);
        }
      });
    }
    assertEquals(split.numbers, world(size, config).numbers);
  }
}
