package dev.dalle.bench;

import dev.dalle.dist.Collective;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Pending;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.threads.ThreadWorld;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Averages over two ranks, checked before they are returned. The numbers of both ranks are the average from the first time on, so they stay normal. */
final class AllReduceForms {
  private static final int RANKS = 2;

  private AllReduceForms() {}

  /** A copy of as many bytes as the ranks have together, a part for each thread. */
  static Formulation copy(int bytes) {
    return PackForms.copy(RANKS * (bytes / DType.F32.byteSize()));
  }

  /** The same by vectors that are loaded, multiplied and stored. */
  static Formulation scale(int bytes) {
    return PackForms.scale(RANKS * (bytes / DType.F32.byteSize()));
  }

  /** F32. */
  static Formulation floats(int bytes) {
    int count = bytes / DType.F32.byteSize();
    List<Communicator> ranks = open();
    List<Scope> scopes = scopes(ranks);
    List<Tensor> tensors = new ArrayList<>();
    List<Collective> work = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = value(rank, i);
      }
      tensors.add(Ours.of(scopes.get(rank), DType.F32, values, count));
      work.add(new Collective.AllReduce(tensors.getLast(), Reduction.AVERAGE));
    }
    return new Averages(ranks, scopes, work, tensors.stream().map(tensor -> (Output) tensor::toFloats).toList(), count).checked();
  }

  /** Codes of 1-6-9. */
  static Formulation codes(int bytes) {
    int count = bytes / DType.U16.byteSize();
    List<Communicator> ranks = open();
    List<Scope> scopes = scopes(ranks);
    List<Tensor> tensors = new ArrayList<>();
    List<Collective> work = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      int[] values = new int[count];
      for (int i = 0; i < count; i++) {
        values[i] = FloatFormat.F1_6_9.encode(value(rank, i));
      }
      Tensor codes = scopes.get(rank).allocate(DType.U16, count);
      codes.write(values);
      tensors.add(codes);
      work.add(new Collective.AllReduceCodes(codes, FloatFormat.F1_6_9, Reduction.AVERAGE));
    }
    return new Averages(ranks, scopes, work, tensors.stream().map(tensor -> (Output) () -> decoded(tensor)).toList(), count).checked();
  }

  private static float[] decoded(Tensor codes) {
    int[] all = codes.toInts();
    float[] values = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      values[i] = FloatFormat.F1_6_9.decode(all[i]);
    }
    return values;
  }

  /** Of either sign, and exact in every format here, as are a rank's numbers, which are half a step to either side. */
  private static float average(int i) {
    return (i % 61 - 30) / 16f;
  }

  private static float value(int rank, int i) {
    return average(i) + (rank == 0 ? 1 : -1) / 32f;
  }

  private static List<Communicator> open() {
    return ThreadWorld.open(List.of(Device.cpu(1), Device.cpu(1)), Duration.ofMinutes(1));
  }

  private static List<Scope> scopes(List<Communicator> ranks) {
    return ranks.stream().map(rank -> rank.device().newScope()).toList();
  }

  @FunctionalInterface
  private interface Output {
    float[] floats();
  }

  /** One operation on all ranks, posted by one thread: posting does not wait. */
  private record Averages(List<Communicator> ranks, List<Scope> scopes, List<Collective> work, List<Output> outputs, int count) implements Formulation {
    Formulation checked() {
      float[] expected = new float[count];
      for (int i = 0; i < count; i++) {
        expected[i] = average(i);
      }
      try {
        Agreement.check(results(), List.of(expected, expected), 0);
        return this;
      } catch (Throwable t) {
        close();
        throw t;
      }
    }

    @Override
    public void run() {
      List<Pending> pending = new ArrayList<>();
      for (int rank = 0; rank < RANKS; rank++) {
        pending.add(ranks.get(rank).post(work.get(rank)));
      }
      pending.forEach(Pending::await);
    }

    @Override
    public List<float[]> results() {
      run();
      return outputs.stream().map(Output::floats).toList();
    }

    @Override
    public void close() {
      ranks.forEach(Communicator::close);
      scopes.forEach(Scope::close);
    }
  }
}
