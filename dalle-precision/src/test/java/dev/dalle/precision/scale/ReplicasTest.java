package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.scale.ResidualNet.Fault;
import dev.dalle.precision.scale.ResidualNet.Place;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that make updates together, played by threads: whatever one of them finds, all decide the same. */
class ReplicasTest {
  private static final int UPDATES = 40;

  /** Threads that meet in {@link #combine}: flags are or-ed, and squares added in the order of the ranks. */
  private static final class Ring {
    private final boolean[][] flags;
    private final double[] squares;
    private final CyclicBarrier barrier;

    Ring(int ranks) {
      flags = new boolean[ranks][];
      squares = new double[ranks];
      barrier = new CyclicBarrier(ranks);
    }

    private void meet() {
      try {
        barrier.await(30, TimeUnit.SECONDS);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    double combine(int rank, boolean[] nonfinite, double own) {
      flags[rank] = nonfinite.clone();
      squares[rank] = own;
      meet();
      double sum = 0;
      for (int other = 0; other < flags.length; other++) {
        sum += squares[other];
        for (int i = 0; i < nonfinite.length; i++) {
          nonfinite[i] |= flags[other][i];
        }
      }
      meet();
      return sum;
    }
  }

  /** What a rank's scaler decided, update after update. */
  private record Decided(List<GradientVerdict> verdicts, List<double[]> scales, List<float[]> factors, List<Integer> exchanges) {
    Decided() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  /** In about every fourth update of each rank a gradient is not finite, in any block or outside. */
  private static Fault[] faults(int rank, int update) {
    int chosen = (int) (16 * Philox.uniform(21, rank, update));
    return chosen < 3 ? new Fault[] {new Fault(chosen, Place.BEHIND_NORM, chosen == 0 ? Float.POSITIVE_INFINITY : Float.NaN)}
        : chosen == 3 ? new Fault[] {new Fault(-1, Place.STREAM, Float.NaN)} : new Fault[0];
  }

  private static Decided run(int rank, Ring ring, Function<Replicas, Function<Scope, Function<ResidualNet, GradientScaler>>> made) {
    Decided decided = new Decided();
    int[] exchanges = {0};
    Replicas replicas = (flags, squares) -> {
      exchanges[0]++;
      return ring.combine(rank, flags, squares);
    };
    try (Scope scope = Device.cpu(1).newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, rank % 2 == 1, made.apply(replicas).apply(scope));
      // The ranks' gradients are of different sizes, as those of different examples are.
      net.weighLoss(1 + rank);
      for (int update = 1; update <= UPDATES; update++) {
        net.spoil(faults(rank, update));
        net.gradients();
        Tensor factors = net.scaler.endUpdate(3);
        net.parameters.clearGradients();
        decided.verdicts.add(net.scaler.verdict());
        decided.scales.add(net.scaler.scales());
        decided.factors.add(factors.toFloats());
        decided.exchanges.add(exchanges[0]);
      }
    }
    return decided;
  }

  private static List<Decided> runAll(int ranks, Function<Replicas, Function<Scope, Function<ResidualNet, GradientScaler>>> made) throws Exception {
    Ring ring = new Ring(ranks);
    try (ExecutorService threads = Executors.newFixedThreadPool(ranks)) {
      List<Future<Decided>> running = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        int own = rank;
        running.add(threads.submit(() -> run(own, ring, made)));
      }
      List<Decided> all = new ArrayList<>();
      for (Future<Decided> future : running) {
        all.add(future.get(60, TimeUnit.SECONDS));
      }
      return all;
    }
  }

  private static void agree(List<Decided> ranks) {
    Decided first = ranks.getFirst();
    for (Decided other : ranks) {
      for (int i = 0; i < UPDATES; i++) {
        GradientVerdict expected = first.verdicts.get(i);
        GradientVerdict actual = other.verdicts.get(i);
        assertEquals(expected.skipped(), actual.skipped());
        assertEquals(expected.norm(), actual.norm());
        assertEquals(expected.blocks(), actual.blocks());
        assertEquals(expected.parameters(), actual.parameters());
        assertEquals(expected.divided(), actual.divided());
        assertArrayEquals(first.scales.get(i), other.scales.get(i));
        assertArrayEquals(first.factors.get(i), other.factors.get(i));
        assertEquals(i + 1, other.exchanges.get(i), "one exchange an update");
      }
    }
  }

  /** The scales are those of a process by itself that is told every rank's flags. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void allRanksHaveTheSameScales(int ranks) throws Exception {
    GradientScaleConfig config = new GradientScaleConfig(1 << 13, 1 << 7, 1 << 24, Math.pow(2, 1 / 1000.0), Math.sqrt(2), 4);
    List<Decided> all = runAll(ranks, replicas -> scope -> net -> new BlockGradientScaler(scope, net.order(), net.blocks, config, replicas));
    agree(all);
    GradientScales told = new GradientScales(config, List.of("block0", "block1", "block2"));
    int skipped = 0;
    for (int update = 1; update <= UPDATES; update++) {
      boolean[] flags = new boolean[ResidualNet.BLOCKS];
      boolean outside = false;
      for (int rank = 0; rank < ranks; rank++) {
        for (Fault fault : faults(rank, update)) {
          if (fault.block() < 0) {
            outside = true;
          } else {
            flags[fault.block()] = true;
          }
        }
      }
      GradientScales.Verdict expected = told.update(flags, outside);
      GradientVerdict actual = all.getFirst().verdicts.get(update - 1);
      assertEquals(expected.skip(), actual.skipped());
      assertEquals(expected.nonfinite(), actual.blocks());
      assertEquals(expected.divided(), actual.divided());
      assertArrayEquals(told.state().scales(), all.getFirst().scales.get(update - 1), "after update " + update);
      skipped += expected.skip() ? 1 : 0;
    }
    assertTrue(skipped > 4 * ranks && skipped < UPDATES - 4, "faults and none: " + skipped);
  }

  @Test
  void aScaleForTheLossIsTheSameOnAllRanks() throws Exception {
    List<Decided> all = runAll(2, replicas -> scope -> net -> new LossGradientScaler(scope, net.order(), net.blocks, new LossScale(1024, 2, 0.5, 3), replicas));
    agree(all);
    LossScale told = new LossScale(1024, 2, 0.5, 3);
    for (int update = 1; update <= UPDATES; update++) {
      told.update(faults(0, update).length + faults(1, update).length > 0);
      assertArrayEquals(new double[] {told.scale(), told.scale(), told.scale()}, all.getLast().scales.get(update - 1), "after update " + update);
    }
  }

  /** What a rank lost stays its own: others do not count it. */
  @Test
  void countsAreARanksOwn() throws Exception {
    List<Decided> all = runAll(2, replicas -> scope -> net -> new BlockGradientScaler(scope, net.order(), net.blocks, GradientScaleConfig.paper(2), replicas));
    boolean told = false;
    for (int update = 1; update <= UPDATES; update++) {
      for (int rank = 0; rank < 2; rank++) {
        boolean here = faults(rank, update).length > 0;
        GradientVerdict verdict = all.get(rank).verdicts.get(update - 1);
        assertEquals(here, verdict.counts().stream().anyMatch(block -> block.filtered() + block.leavingFiltered() > 0));
        told |= !here && verdict.skipped();
      }
    }
    assertTrue(told, "a rank without faults of its own skips too");
    assertFalse(all.getFirst().verdicts.stream().allMatch(GradientVerdict::skipped));
  }
}
