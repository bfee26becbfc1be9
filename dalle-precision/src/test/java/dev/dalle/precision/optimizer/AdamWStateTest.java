package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.precision.testing.Bits;
import dev.dalle.precision.testing.Kept;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What AdamW keeps, what it tells about it, and which files it takes back. */
class AdamWStateTest {
  @TempDir
  private Path folder;

  private static ParameterSet model(Scope scope, DType matrixType) {
    ParameterSet set = new ParameterSet(scope, matrixType);
    set.add("block.weight", Parameter.Kind.MATRIX, 13, 17).drawNormal(1, 1, 0.1);
    set.add("block.bias", Parameter.Kind.FULL, 13).drawNormal(1, 2, 0.1);
    set.add("weight", Parameter.Kind.MATRIX, 3, 5).drawNormal(1, 3, 0.1);
    return set;
  }

  private static void update(ParameterSet set, AdamW adam, int update) {
    set.clearGradients();
    set.forEach(parameter -> parameter.addGradient((gradient, accumulate) -> gradient.device().ops().normal(2, update, 0.1, gradient)));
    adam.update(0.01, 1);
  }

  private static List<String> described(AdamW adam) {
    return adam.state().stream().map(tensor -> tensor.tensor().dtype() + " " + tensor.name()).toList();
  }

  @Test
  void kindAndConfigurationDecideWhatIsKept() {
    try (Scope scope = Device.cpu(1).newScope()) {
      assertEquals(List.of("I32 adamw.updates", "U16 adamw.mean.1-6-9.block.weight", "U16 adamw.variance.0-6-10.block.weight", "F32 adamw.mean.block.bias",
          "F32 adamw.variance.block.bias", "U16 adamw.mean.1-6-9.weight", "U16 adamw.variance.0-6-10.weight"),
          described(new AdamW(scope, model(scope, DType.F32).all(), AdamWConfig.DVAE.withMoments(Moments.SIXTEEN_BIT))));
      assertEquals(List.of("I32 adamw.updates", "F32 adamw.mean.block.weight", "F32 adamw.variance.block.weight", "F32 adamw.master.block.weight",
          "F32 adamw.mean.block.bias", "F32 adamw.variance.block.bias", "F32 adamw.mean.weight", "F32 adamw.variance.weight", "F32 adamw.master.weight"),
          described(new AdamW(scope, model(scope, DType.BF16).all(), AdamWConfig.DVAE)));
      assertEquals(7, new AdamW(scope, model(scope, DType.F16).all(), AdamWConfig.DVAE.withValueUpdate(ValueUpdate.STOCHASTIC, 1)).state().size());
    }
  }

  /** 16 bits of state and 16 of values take the memory they say. */
  @Test
  void sixteenBitsTakeHalfTheMemory() {
    Device device = Device.cpu(1);
    long[] bytes = new long[2];
    for (Moments moments : Moments.values()) {
      try (Scope scope = device.newScope()) {
        Parameter parameter = new Parameter(scope, "w", Parameter.Kind.MATRIX, Shape.of(1 << 20));
        long before = device.bytesInUse();
        AdamW adam = new AdamW(scope, List.of(parameter), AdamWConfig.DVAE.withMoments(moments));
        bytes[moments.ordinal()] = device.bytesInUse() - before;
        assertEquals(moments, adam.config().moments());
      }
    }
    assertEquals(4L << 20, bytes[0] - bytes[1]);
  }

  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void resumedUpdatesEqualUninterruptedOnesToTheBit(Kept kept) throws IOException {
    Path path = folder.resolve("state.safetensors");
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(1))) {
      AdamWConfig config = kept.in(AdamWConfig.TRANSFORMER);
      try (Scope scope = device.newScope()) {
        ParameterSet set = model(scope, kept.valueType());
        AdamW adam = new AdamW(scope, set.all(), config);
        for (int update = 1; update <= 5; update++) {
          update(set, adam, update);
          if (update == 3) {
            Safetensors.write(path, all(set, adam), Map.of());
          }
        }
        ParameterSet again = model(scope, kept.valueType());
        again.forEach(parameter -> parameter.drawNormal(9, 9, 3));
        AdamW resumed = new AdamW(scope, again.all(), config);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
          resumed.checkStored(file, "");
          Safetensors.read(file, "", all(again, resumed));
        }
        assertEquals(3, resumed.updates());
        update(again, resumed, 4);
        update(again, resumed, 5);
        Map<String, byte[]> expected = Bits.of(all(set, adam));
        Map<String, byte[]> actual = Bits.of(all(again, resumed));
        expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
        assertEquals(adam.reports(), resumed.reports());
      }
    }
  }

  private static List<NamedTensor> all(ParameterSet set, AdamW adam) {
    List<NamedTensor> tensors = new ArrayList<>(NamedTensor.ofParameters("model.", set));
    tensors.addAll(adam.state());
    return tensors;
  }

  @Test
  void reportsAreCountedAnewAfterReading() throws IOException {
    Path path = folder.resolve("state.safetensors");
    try (Scope scope = Device.cpu(2).newScope()) {
      ParameterSet set = model(scope, DType.F32);
      AdamWConfig config = AdamWConfig.TRANSFORMER.withMoments(Moments.SIXTEEN_BIT);
      AdamW adam = new AdamW(scope, set.all(), config);
      List<MomentReport> empty = adam.reports();
      assertEquals(List.of(0L, 0L, 0L), empty.stream().map(MomentReport::beyond).toList());
      assertEquals("0000000000000000", empty.getFirst().checksum());
      update(set, adam, 1);
      Safetensors.write(path, adam.state(), Map.of());
      AdamW resumed = new AdamW(scope, set.all(), config);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        Safetensors.read(file, "", resumed.state());
      }
      resumed.recount();
      assertEquals(adam.reports(), resumed.reports());
      assertNotEquals(empty, resumed.reports());
    }
  }

  /** A block's report tells of every element of its parameters, and of exchanged parameters. */
  @Test
  void blocksHaveReportsOfTheirOwn() {
    for (Device device : List.of(new ReferenceDevice(), Device.cpu(2), OpaqueDevice.open(1))) {
      for (Moments moments : Moments.values()) {
        try (Scope scope = device.newScope()) {
          ParameterSet set = model(scope, DType.F32);
          AdamW adam = new AdamW(scope, set.all(), AdamWConfig.TRANSFORMER.withMoments(moments));
          update(set, adam, 1);
          List<MomentReport> blocks = adam.reports(name -> name.contains(".") ? name.substring(0, name.indexOf('.')) : "rest");
          assertEquals(List.of("block", "rest"), blocks.stream().map(MomentReport::name).toList());
          MomentReport weight = adam.reports().get(2);
          assertNotEquals(0, weight.meanChecksum());
          assertNotEquals(0, weight.varianceChecksum());
          assertEquals(weight.partOf("rest"), blocks.get(1));
          assertEquals(adam.reports().get(0).partOf("block").plus(adam.reports().get(1).partOf("block")), blocks.get(0));

          Tensor mean = adam.state().get(5).tensor();
          if (moments == Moments.SIXTEEN_BIT) {
            int[] codes = mean.toInts();
            codes[14] ^= 1;
            mean.write(codes);
          } else {
            float[] values = mean.toFloats();
            values[14] = Math.nextUp(values[14]);
            mean.write(values);
          }
          adam.recount();
          assertNotEquals(blocks.get(1).meanChecksum(), adam.reports(name -> "all").getFirst().meanChecksum());
          assertNotEquals(weight.meanChecksum(), adam.reports().get(2).meanChecksum());
          assertEquals(weight.varianceChecksum(), adam.reports().get(2).varianceChecksum());
        }
      }
    }
  }

  /** A gradient that is not finite, which nothing held back, shows in the next report. */
  @Test
  void poisonShowsWithinOneStep() {
    for (Device device : List.of(new ReferenceDevice(), Device.cpu(2), OpaqueDevice.open(1))) {
      for (Moments moments : Moments.values()) {
        for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
          try (Scope scope = device.newScope()) {
            ParameterSet set = model(scope, DType.F32);
            AdamW adam = new AdamW(scope, set.all(), AdamWConfig.DVAE.withMoments(moments));
            update(set, adam, 1);
            assertEquals(0, adam.reports(name -> "all").getFirst().beyond());
            float[] gradient = new float[13 * 17];
            gradient[100] = poison;
            gradient[220] = poison;
            set.get("block.weight").addGradient((tensor, accumulate) -> tensor.write(gradient));
            adam.update(0.01, 1);
            MomentReport report = adam.reports().getFirst();
            assertEquals(2, report.meanBeyond(), poison + " on " + device.name());
            assertEquals(2, report.varianceBeyond(), poison + " on " + device.name());
            assertEquals(4, report.beyond());
            assertEquals(0, adam.reports().get(1).beyond());
          }
        }
      }
    }
  }

  @Test
  void otherFormatsAreRefusedInOneSentence() throws IOException {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      AdamWConfig wide = AdamWConfig.DVAE;
      AdamWConfig narrow = wide.withMoments(Moments.SIXTEEN_BIT);
      refused(scope, DType.F32, wide, DType.F32, narrow, ": state of AdamW: expected the mean of block.weight in 1-6-9 (adamw.mean.1-6-9.block.weight), found the "
          + "mean of block.weight in F32 (adamw.mean.block.weight); it was written with other moments. Configure those, or begin without this state");
      refused(scope, DType.F32, narrow, DType.F32, wide, ": state of AdamW: expected the mean of block.weight in F32 (adamw.mean.block.weight), found the "
          + "mean of block.weight in 1-6-9 (adamw.mean.1-6-9.block.weight); it was written with other moments. Configure those, or begin without this state");
      refused(scope, DType.BF16, narrow, DType.BF16, narrow.withValueUpdate(ValueUpdate.NEAREST_EVEN, 0), ": state of AdamW: expected no master copy of "
          + "block.weight, found one; it was written with another type of matrices, or another way to update them. Configure that, or begin without this state");
      refused(scope, DType.F32, narrow, DType.F16, narrow, ": state of AdamW: expected a master copy of block.weight, found none; it was written with another "
          + "type of matrices, or another way to update them. Configure that, or begin without this state");
    }
  }

  private void refused(Scope scope, DType writtenType, AdamWConfig written, DType readType, AdamWConfig read, String message) throws IOException {
    Path path = folder.resolve("state.safetensors");
    ParameterSet from = model(scope, writtenType);
    AdamW writer = new AdamW(scope, from.all(), written);
    update(from, writer, 1);
    Safetensors.write(path, prefixed(writer.state()), Map.of());
    ParameterSet set = model(scope, readType);
    AdamW reader = new AdamW(scope, set.all(), read);
    update(set, reader, 2);
    Map<String, byte[]> before = Bits.of(reader.state());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      writer.checkStored(file, "a.");
      assertEquals(path + message, assertThrows(TensorFileException.class, () -> reader.checkStored(file, "a.")).getMessage());
      // Reading it nevertheless fails too, before a single tensor was written.
      assertThrows(TensorFileException.class, () -> Safetensors.read(file, "a.", prefixed(reader.state())));
    }
    Bits.of(reader.state()).forEach((name, bytes) -> assertArrayEquals(before.get(name), bytes, name));
  }

  private static List<NamedTensor> prefixed(List<NamedTensor> tensors) {
    return tensors.stream().map(tensor -> new NamedTensor("a." + tensor.name(), tensor.tensor())).toList();
  }

  /** Floats would be read whatever their type: they are refused by the name of the type. */
  @Test
  void otherTypesUnderTheRightNamesAreRefused() throws IOException {
    record Case(String tensor, DType found, String message) {}
    try (Scope scope = Device.cpu(1).newScope()) {
      ParameterSet set = model(scope, DType.F16);
      AdamW adam = new AdamW(scope, set.all(), AdamWConfig.DVAE.withMoments(Moments.SIXTEEN_BIT));
      update(set, adam, 1);
      for (Case c : List.of(
          new Case("adamw.mean.block.bias", DType.F16, "expected the mean of block.bias (adamw.mean.block.bias) as F32, found it as F16"),
          new Case("adamw.variance.block.bias", DType.BF16, "expected the variance of block.bias (adamw.variance.block.bias) as F32, found it as BF16"),
          new Case("adamw.mean.1-6-9.weight", DType.F16, "expected the mean of weight (adamw.mean.1-6-9.weight) as U16, found it as F16"),
          new Case("adamw.variance.0-6-10.weight", DType.F32, "expected the variance of weight (adamw.variance.0-6-10.weight) as U16, found it as F32"),
          new Case("adamw.master.weight", DType.F16, "expected the master of weight (adamw.master.weight) as F32, found it as F16"))) {
        changed(adam, c.tensor, scope.zeros(c.found, tensor(adam, c.tensor).shape()), c.message + "; it is not as it was written. Begin without this state");
      }
      changed(adam, "adamw.updates", scope.of(new int[] {-7}, 1),
          "expected a number of updates of at least 0, found -7 (adamw.updates); the file is damaged. Begin without this state");
    }
  }

  private static Tensor tensor(AdamW adam, String name) {
    return adam.state().stream().filter(named -> named.name().equals(name)).findFirst().orElseThrow().tensor();
  }

  /** Refuses its own state with another tensor under one of the names. */
  private void changed(AdamW adam, String name, Tensor other, String message) throws IOException {
    Path path = folder.resolve("state.safetensors");
    Map<String, byte[]> before = Bits.of(adam.state());
    Safetensors.write(path, adam.state().stream().map(named -> named.name().equals(name) ? new NamedTensor(name, other) : named).toList(), Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(path + ": state of AdamW: " + message, assertThrows(TensorFileException.class, () -> adam.checkStored(file, "")).getMessage());
    }
    Bits.of(adam.state()).forEach((tensor, bytes) -> assertArrayEquals(before.get(tensor), bytes, tensor));
  }

  @Test
  void anUnknownFormatIsRefusedByItsName() throws IOException {
    Path path = folder.resolve("state.safetensors");
    try (Scope scope = Device.cpu(1).newScope()) {
      ParameterSet set = new ParameterSet(scope);
      set.add("weight", Parameter.Kind.MATRIX, 3);
      set.add("x.weight", Parameter.Kind.MATRIX, 3);
      AdamW adam = new AdamW(scope, set.all(), AdamWConfig.DVAE.withMoments(Moments.SIXTEEN_BIT));
      Tensor codes = scope.zeros(DType.U16, Shape.of(3));
      Safetensors.write(path, List.of(new NamedTensor("adamw.mean.x.weight", codes), new NamedTensor("adamw.mean.1-6-9.x.weight", codes),
          new NamedTensor("adamw.mean.1-6-9-v2.weight", codes)), Map.of());
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertEquals(path + ": state of AdamW: expected the mean of weight in 1-6-9 (adamw.mean.1-6-9.weight), found the mean of weight in 1-6-9-v2 "
            + "(adamw.mean.1-6-9-v2.weight); it was written with other moments. Configure those, or begin without this state",
            assertThrows(TensorFileException.class, () -> adam.checkStored(file, "")).getMessage());
      }
      // What has no state at all is none of another format: reading it says what is missing.
      Safetensors.write(path, List.of(new NamedTensor("weight", codes)), Map.of());
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        adam.checkStored(file, "");
      }
    }
  }
}
