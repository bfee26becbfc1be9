package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Philox;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** The scale of the loss beside the one that PyTorch's GradScaler keeps, by the same kernel as there: reached through libtorch's script language. */
class LibtorchLossScaleTest {
  private static final String SOURCE = """
      def update(scale: Tensor, tracker: Tensor, found: Tensor, growth: float, backoff: float, interval: int) -> Tensor:
        return torch._amp_update_scale_(scale, tracker, found, growth, backoff, interval)
      """;

  private record Rules(double start, double growth, double backoff, int interval) {}

  @Test
  void followsGradScaler() {
    CompilationUnit unit = torch.compile(SOURCE);
    Function update = unit.get_function(new QualifiedName("update"));
    for (Rules rules : List.of(new Rules(65536, 2, 0.5, 2000), new Rules(1024, 2, 0.5, 3), new Rules(1, 4, 0.25, 1), new Rules(0x1p120, 2, 0.5, 2))) {
      try (PointerScope scope = new PointerScope()) {
        Tensor scale = Tensor.create((float) rules.start);
        Tensor tracker = Tensor.create(0);
        LossScale ours = new LossScale(rules.start, rules.growth, rules.backoff, rules.interval);
        int bad = 0;
        for (int i = 1; i <= 5000; i++) {
          // Rarely enough that scales grow to what a float holds at most, where neither grows any further.
          boolean nonfinite = Philox.uniform(31, rules.interval, i) < 0.1 / rules.interval;
          bad += nonfinite ? 1 : 0;
          assertEquals(nonfinite, ours.update(nonfinite));
          update.apply(new IValueVector(new IValue(scale), new IValue(tracker), new IValue(Tensor.create(nonfinite ? 1f : 0f)), new IValue(rules.growth),
              new IValue(rules.backoff), new IValue(rules.interval)));
          assertEquals(scale.item_float(), (float) ours.scale(), rules + ", update " + i);
          assertEquals(tracker.to(ScalarType.Int).item_int(), ours.goodInARow(), rules + ", update " + i);
        }
        assertTrue(bad > 0 || rules.interval == 2000, rules + ": " + bad);
      }
    }
    unit.close();
  }
}
