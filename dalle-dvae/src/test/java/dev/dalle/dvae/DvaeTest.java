package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DvaeTest {
  private final ReferenceDevice device = new ReferenceDevice();

  @Test
  void parametersAreNamedAndShapedAsPublished() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = new Dvae(scope, DvaeConfig.plain(8, 4, 2, 2, 5, 3));
      List<String> weights = dvae.parameters().stream().filter(p -> p.name().endsWith(".w")).map(Parameter::toString).toList();
      assertEquals(List.of(
          "encoder.blocks.input.w[4, 3, 7, 7]",
          "encoder.blocks.group_1.block_1.res_path.conv_1.w[1, 4, 3, 3]",
          "encoder.blocks.group_1.block_1.res_path.conv_2.w[1, 1, 3, 3]",
          "encoder.blocks.group_1.block_1.res_path.conv_3.w[1, 1, 3, 3]",
          "encoder.blocks.group_1.block_1.res_path.conv_4.w[4, 1, 1, 1]",
          "encoder.blocks.group_1.block_2.res_path.conv_1.w[1, 4, 3, 3]",
          "encoder.blocks.group_1.block_2.res_path.conv_2.w[1, 1, 3, 3]",
          "encoder.blocks.group_1.block_2.res_path.conv_3.w[1, 1, 3, 3]",
          "encoder.blocks.group_1.block_2.res_path.conv_4.w[4, 1, 1, 1]",
          "encoder.blocks.group_2.block_1.id_path.w[8, 4, 1, 1]",
          "encoder.blocks.group_2.block_1.res_path.conv_1.w[2, 4, 3, 3]",
          "encoder.blocks.group_2.block_1.res_path.conv_2.w[2, 2, 3, 3]",
          "encoder.blocks.group_2.block_1.res_path.conv_3.w[2, 2, 3, 3]",
          "encoder.blocks.group_2.block_1.res_path.conv_4.w[8, 2, 1, 1]",
          "encoder.blocks.group_2.block_2.res_path.conv_1.w[2, 8, 3, 3]",
          "encoder.blocks.group_2.block_2.res_path.conv_2.w[2, 2, 3, 3]",
          "encoder.blocks.group_2.block_2.res_path.conv_3.w[2, 2, 3, 3]",
          "encoder.blocks.group_2.block_2.res_path.conv_4.w[8, 2, 1, 1]",
          "encoder.blocks.output.conv.w[5, 8, 1, 1]",
          "decoder.blocks.input.w[3, 5, 1, 1]",
          "decoder.blocks.group_1.block_1.id_path.w[8, 3, 1, 1]",
          "decoder.blocks.group_1.block_1.res_path.conv_1.w[2, 3, 1, 1]",
          "decoder.blocks.group_1.block_1.res_path.conv_2.w[2, 2, 3, 3]",
          "decoder.blocks.group_1.block_1.res_path.conv_3.w[2, 2, 3, 3]",
          "decoder.blocks.group_1.block_1.res_path.conv_4.w[8, 2, 3, 3]",
          "decoder.blocks.group_1.block_2.res_path.conv_1.w[2, 8, 1, 1]",
          "decoder.blocks.group_1.block_2.res_path.conv_2.w[2, 2, 3, 3]",
          "decoder.blocks.group_1.block_2.res_path.conv_3.w[2, 2, 3, 3]",
          "decoder.blocks.group_1.block_2.res_path.conv_4.w[8, 2, 3, 3]",
          "decoder.blocks.group_2.block_1.id_path.w[4, 8, 1, 1]",
          "decoder.blocks.group_2.block_1.res_path.conv_1.w[1, 8, 1, 1]",
          "decoder.blocks.group_2.block_1.res_path.conv_2.w[1, 1, 3, 3]",
          "decoder.blocks.group_2.block_1.res_path.conv_3.w[1, 1, 3, 3]",
          "decoder.blocks.group_2.block_1.res_path.conv_4.w[4, 1, 3, 3]",
          "decoder.blocks.group_2.block_2.res_path.conv_1.w[1, 4, 1, 1]",
          "decoder.blocks.group_2.block_2.res_path.conv_2.w[1, 1, 3, 3]",
          "decoder.blocks.group_2.block_2.res_path.conv_3.w[1, 1, 3, 3]",
          "decoder.blocks.group_2.block_2.res_path.conv_4.w[4, 1, 3, 3]",
          "decoder.blocks.output.conv.w[6, 4, 1, 1]"), weights);
      assertEquals(2 * weights.size(), dvae.parameters().all().size());
      assertEquals(List.of("encoder.blocks.output.conv.w", "decoder.blocks.input.w"), dvae.parameters().stream()
          .filter(p -> p.name().endsWith(".w") && p.kind() == Parameter.Kind.FULL).map(Parameter::name).toList());
      assertEquals(dvae.config().encoderParameterCount() + dvae.config().decoderParameterCount(), dvae.parameters().elementCount());
    }
  }

  @Test
  void startingValuesHaveTheDeviationOfTheirGainAndDependOnSeedAndName() {
    DvaeConfig config = DvaeConfig.small();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 7);
      check(dvae, "encoder.blocks.input", 1 / Math.sqrt(3 * 49));
      check(dvae, "encoder.blocks.group_4.block_1.id_path", 1 / Math.sqrt(128));
      check(dvae, "encoder.blocks.group_4.block_1.res_path.conv_2", Math.sqrt(2) / Math.sqrt(64 * 9));
      check(dvae, "encoder.blocks.output.conv", 1 / Math.sqrt(256));
      check(dvae, "decoder.blocks.input", 16 / Math.sqrt(512));
      check(dvae, "decoder.blocks.group_1.block_1.res_path.conv_4", Math.sqrt(2) / Math.sqrt(64 * 9));

      String name = "encoder.blocks.group_4.block_1.res_path.conv_2.w";
      double[] first = ReferenceDevice.read(dvae.parameters().get(name).value());
      assertFalse(Arrays.equals(first, ReferenceDevice.read(dvae.parameters().get(name.replace("conv_2", "conv_3")).value())));
      dvae.initialise(7);
      assertArrayEquals(first, ReferenceDevice.read(dvae.parameters().get(name).value()));
      dvae.initialise(8);
      assertFalse(Arrays.equals(first, ReferenceDevice.read(dvae.parameters().get(name).value())));
    }
  }

  private static void check(Dvae dvae, String name, double deviation) {
    double[] weights = ReferenceDevice.read(dvae.parameters().get(name + ".w").value());
    double measured = Math.sqrt(Arrays.stream(weights).map(w -> w * w).average().orElseThrow());
    // The deviation of a sample of n has a relative error of 1 / sqrt(2 n); five of those.
    assertEquals(deviation, measured, 5 * deviation / Math.sqrt(2.0 * weights.length), name);
    assertEquals(0, Arrays.stream(ReferenceDevice.read(dvae.parameters().get(name + ".b").value())).map(Math::abs).sum(), name);
  }

  @Test
  void oneGroupHasNoPooling() {
    DvaeConfig config = DvaeConfig.plain(5, 4, 1, 1, 7, 2);
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 1);
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor logits = dvae.encoder().logits(tape, TestModels.pixels(scope, config, 3, 1));
      assertEquals(Shape.of(3, 5, 5, 7), logits.shape());
      assertEquals(Shape.of(3, 5, 5, 6), dvae.decoder().maps(tape, tape.softmax(logits)).shape());
    }
  }

  @Test
  void wrongShapesAreNamed() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, TestModels.tiny(), 1);
      Tape tape = Tape.inference(scope, DType.F32);
      for (Tensor mapped : List.of(scope.allocate(DType.F32, 2, 8, 9, 3), scope.allocate(DType.F32, 2, 9, 8, 3), scope.allocate(DType.F32, 2, 0, 8, 3),
          scope.allocate(DType.F32, 2, 8, 8, 4), scope.allocate(DType.F32, 8, 8, 3), scope.allocate(DType.BF16, 2, 8, 8, 3))) {
        assertMessage("mapped: expected F32 [batch, height, width, 3] with height and width positive multiples of 2, got " + mapped,
            () -> dvae.encoder().logits(tape, mapped));
      }
      assertMessage("code: expected F32 [batch, rows, columns, 5], got F32[2, 4, 4, 6]@reference",
          () -> dvae.decoder().maps(tape, scope.allocate(DType.F32, 2, 4, 4, 6)));
      assertMessage("code: expected F32 [batch, rows, columns, 5], got F32[2, 4, 5]@reference",
          () -> dvae.decoder().maps(tape, scope.allocate(DType.F32, 2, 4, 5)));
      for (Tensor ids : List.of(scope.allocate(DType.F32, 2, 4, 4), scope.allocate(DType.I32, 2, 16), scope.allocate(DType.I32, 2, 4, 0))) {
        assertMessage("ids: expected I32 [batch, rows, columns], got " + ids, () -> dvae.decoder().mapsOf(tape, ids));
      }
      Tape recording = Tape.recording(scope, DType.F32);
      IllegalStateException thrown = assertThrows(IllegalStateException.class,
          () -> dvae.decoder().mapsOf(recording, scope.allocate(DType.I32, 2, 4, 4)));
      assertTrue(thrown.getMessage().startsWith("mapsOf: this tape records; train on soft codes with maps"), thrown.getMessage());
    }
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(ShapeException.class, call::run).getMessage());
  }

  /** The definition: the grid is doubled, and then the whole block runs. */
  @Test
  void aBlockBeforeItsGridIsDoubledIsTheBlockAfterwards() {
    for (int outputs : new int[] {8, 12}) {
      try (Scope scope = device.newScope()) {
        ParameterSet parameters = new ParameterSet(scope);
        BlockPlan plan = NetworkPlan.decoder(DvaeConfig.plain(8, outputs, 1, 1, 5, 8)).groups().getFirst().getFirst();
        Resblock block = new Resblock(parameters, plan, 0.25);
        block.initialise(3);
        Tensor x = scope.allocate(DType.F32, 2, 3, 5, 8);
        device.ops().normal(1, 2, 1, x);
        Tape tape = Tape.inference(scope, DType.F32);
        double[] before = ReferenceDevice.read(block.runDoubled(tape, copy(scope, x)));
        double[] after = ReferenceDevice.read(block.run(tape, tape.upsample2(x)));
        assertArrayEquals(after, before);
      }
    }
  }

  private Tensor copy(Scope scope, Tensor x) {
    Tensor copy = scope.allocate(DType.F32, x.shape());
    device.ops().copy(x, copy);
    return copy;
  }

  @Test
  void aBlockThatLooksAroundFirstCannotRunBeforeItsGridIsDoubled() {
    try (Scope scope = device.newScope()) {
      BlockPlan plan = NetworkPlan.encoder(DvaeConfig.plain(8, 8, 1, 1, 5, 8)).groups().getFirst().getFirst();
      Resblock block = new Resblock(new ParameterSet(scope), plan, 0.25);
      IllegalStateException thrown = assertThrows(IllegalStateException.class,
          () -> block.runDoubled(Tape.inference(scope, DType.F32), scope.allocate(DType.F32, 1, 2, 2, 8)));
      assertTrue(thrown.getMessage().contains("does not begin with a 1 x 1 convolution"), thrown.getMessage());
    }
  }

  @Test
  void forwardPassesKeepOnlyTheirResult() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 1);
      Tensor pixels = TestModels.pixels(scope, config, 2, 1);
      long before = device.bytesInUse();
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor logits = dvae.encoder().logits(tape, pixels);
      assertEquals(before + logits.byteSize(), device.bytesInUse());
      Tensor maps = dvae.decoder().maps(tape, logits);
      assertEquals(before + logits.byteSize() + maps.byteSize(), device.bytesInUse());
    }
    assertEquals(0, device.bytesInUse());
  }
}
