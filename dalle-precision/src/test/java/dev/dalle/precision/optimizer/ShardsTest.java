package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.precision.testing.Bits;
import dev.dalle.precision.testing.Kept;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters cut into shards, each shard with an optimizer of its own: the same bits as of whole parameters. */
class ShardsTest {
  private static final int UPDATES = 4;

  /** Where parameters are cut: places in 1/1000; odd, empty and single-element shards among them. */
  private static long[] cuts(long count, int shards) {
    long[] cuts = new long[shards + 1];
    int[] thousandths = switch (shards) {
      case 1 -> new int[] {};
      case 2 -> new int[] {507};
      default -> new int[] {0, 1, 130, 131, 500, 777, 998};
    };
    for (int i = 0; i < thousandths.length; i++) {
      cuts[i + 1] = count * thousandths[i] / 1000;
    }
    cuts[shards] = count;
    return cuts;
  }

  /** A model of matrices and of what stays in 32 bits, from a single element to several tiles and threads' ranges. */
  private static ParameterSet model(Scope scope, DType matrixType) {
    ParameterSet set = new ParameterSet(scope, matrixType);
    set.add("large", Parameter.Kind.MATRIX, 61, 823).drawNormal(1, 1, 0.05);
    set.add("gain", Parameter.Kind.FULL, 1_001).drawNormal(1, 2, 0.05);
    set.add("odd", Parameter.Kind.MATRIX, 7, 29).drawNormal(1, 3, 0.05);
    set.add("one", Parameter.Kind.MATRIX, 1, 1).drawNormal(1, 4, 0.05);
    return set;
  }

  private static void gradients(ParameterSet set, int update) {
    set.clearGradients();
    set.forEach(parameter -> parameter.addGradient((gradient, accumulate) -> gradient.device().ops()
        .normal(7, Philox.stream(update, parameter.name().hashCode()), 0.02, gradient)));
  }

  /** Bytes of all values and states, parameter by parameter, with those of shards one behind the other; and the reports. */
  private record Result(List<byte[]> tensors, List<MomentReport> reports) {}

  private static Result train(Device device, Kept kept, int shards) {
    AdamWConfig config = kept.in(AdamWConfig.TRANSFORMER);
    try (Scope scope = device.newScope()) {
      ParameterSet set = model(scope, kept.valueType());
      List<AdamW> ranks = new ArrayList<>();
      for (int rank = 0; rank < shards; rank++) {
        ranks.add(AdamW.ofShards(scope, shards(set, shards, rank), config));
      }
      Tensor good = scope.of(new float[] {0.5f, 0.25f, 1, 2}, 4);
      Tensor bad = scope.of(new float[] {0.5f, 0.25f, Float.NaN, 2}, 4);
      for (int update = 1; update <= UPDATES; update++) {
        gradients(set, update);
        for (AdamW rank : ranks) {
          rank.update(0.02, update == 3 ? bad : good);
        }
      }
      List<byte[]> tensors = new ArrayList<>();
      set.forEach(parameter -> tensors.add(Bits.of(parameter.value())));
      int states = ranks.getFirst().state().size();
      for (int i = 1; i < states; i++) {
        int state = i;
        tensors.add(joined(ranks.stream().map(rank -> Bits.of(rank.state().get(state).tensor())).toList()));
      }
      List<MomentReport> reports = ranks.getFirst().reports();
      for (AdamW rank : ranks.subList(1, shards)) {
        List<MomentReport> others = rank.reports();
        List<MomentReport> sums = new ArrayList<>();
        for (int i = 0; i < reports.size(); i++) {
          sums.add(reports.get(i).plus(others.get(i)));
        }
        reports = sums;
      }
      assertEquals(UPDATES - 1, ranks.getLast().updates());
      return new Result(tensors, reports);
    }
  }

  private static List<ParameterShard> shards(ParameterSet set, int shards, int rank) {
    return set.stream().map(parameter -> {
      long count = parameter.shape().elementCount();
      long[] cuts = cuts(count, shards);
      Tensor value = parameter.value().reshape(count).slice(cuts[rank], cuts[rank + 1]);
      return new ParameterShard(parameter.name(), parameter.kind(), value, () -> parameter.gradient().reshape(count).slice(cuts[rank], cuts[rank + 1]),
          ShardPlace.from(cuts[rank]));
    }).toList();
  }

  private static byte[] joined(List<byte[]> parts) {
    byte[] all = new byte[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void bitsDoNotDependOnTheCut(Kept kept) {
    Result whole = train(Device.cpu(2), kept, 1);
    for (Device device : List.of(Device.cpu(1), OpaqueDevice.open(2))) {
      for (int shards : new int[] {1, 2, 8}) {
        Result cut = train(device, kept, shards);
        for (int i = 0; i < whole.tensors.size(); i++) {
          assertArrayEquals(whole.tensors.get(i), cut.tensors.get(i), "tensor " + i + " of " + shards + " shards on " + device.name());
        }
        assertEquals(whole.reports, cut.reports, shards + " shards on " + device.name());
      }
    }
  }

  /** A matrix that is cut by its columns gives the same bits as the whole, and checksums that add up. */
  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void bitsDoNotDependOnTheDimensionThatIsCut(Kept kept) {
    int rows = 37;
    int columns = 21;
    int[] cuts = {0, 8, 16, 21};
    AdamWConfig config = kept.in(AdamWConfig.TRANSFORMER);
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      Parameter whole = new Parameter(scope, "w", Parameter.Kind.MATRIX, Shape.of(rows, columns), kept.valueType());
      whole.drawNormal(1, 2, 1);
      float[] start = whole.value().toFloats();
      AdamW one = new AdamW(scope, List.of(whole), config);
      List<Tensor> values = new ArrayList<>();
      List<Tensor> gradients = new ArrayList<>();
      List<AdamW> ranks = new ArrayList<>();
      for (int rank = 0; rank < cuts.length - 1; rank++) {
        int from = cuts[rank];
        int width = cuts[rank + 1] - from;
        Tensor value = scope.allocate(kept.valueType(), rows, width);
        value.write(columns(start, columns, from, width));
        Tensor gradient = scope.allocate(DType.F32, rows, width);
        values.add(value);
        gradients.add(gradient);
        ranks.add(AdamW.ofShards(scope, List.of(new ParameterShard("w", Parameter.Kind.MATRIX, value, () -> gradient, new ShardPlace(from, width, columns))),
            config));
      }
      for (int update = 1; update <= UPDATES; update++) {
        Tensor drawn = scope.allocate(DType.F32, rows, columns);
        device.ops().normal(7, update, 0.1, drawn);
        whole.clearGradient();
        whole.addGradient((gradient, accumulate) -> device.ops().copy(drawn, gradient));
        one.update(0.02, 0.5);
        for (int rank = 0; rank < ranks.size(); rank++) {
          gradients.get(rank).write(columns(drawn.toFloats(), columns, cuts[rank], cuts[rank + 1] - cuts[rank]));
          ranks.get(rank).update(0.02, 0.5);
        }
      }
      MomentReport sum = ranks.getFirst().reports().getFirst();
      for (AdamW rank : ranks.subList(1, ranks.size())) {
        sum = sum.plus(rank.reports().getFirst());
      }
      assertEquals(one.reports().getFirst(), sum);
      for (int rank = 0; rank < ranks.size(); rank++) {
        assertArrayEquals(columns(whole.value().toFloats(), columns, cuts[rank], cuts[rank + 1] - cuts[rank]), values.get(rank).toFloats());
      }
    }
  }

  private static float[] columns(float[] matrix, int columns, int from, int width) {
    float[] part = new float[matrix.length / columns * width];
    for (int i = 0; i < part.length; i++) {
      part[i] = matrix[i / width * columns + from + i % width];
    }
    return part;
  }

  /** Grouped otherwise, and in another order: a parameter has the same bits alone. */
  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void bitsDoNotDependOnTheGroup(Kept kept) {
    AdamWConfig config = kept.in(AdamWConfig.TRANSFORMER);
    try (Scope scope = Device.cpu(2).newScope()) {
      ParameterSet together = model(scope, kept.valueType());
      ParameterSet apart = model(scope, kept.valueType());
      AdamW one = new AdamW(scope, together.all(), config);
      List<AdamW> each = apart.toList().reversed().stream().map(parameter -> new AdamW(scope, List.of(parameter), config)).toList();
      for (int update = 1; update <= UPDATES; update++) {
        gradients(together, update);
        gradients(apart, update);
        one.update(0.02, 1);
        each.forEach(adam -> adam.update(0.02, 1));
      }
      for (Parameter parameter : together) {
        assertArrayEquals(Bits.of(parameter.value()), Bits.of(apart.get(parameter.name()).value()), parameter.name());
      }
      List<MomentReport> reports = new ArrayList<>();
      each.reversed().forEach(adam -> reports.addAll(adam.reports()));
      assertEquals(one.reports(), reports);
      assertEquals(Arrays.asList("large", "gain", "odd", "one"), reports.stream().map(MomentReport::name).toList());
    }
  }
}
