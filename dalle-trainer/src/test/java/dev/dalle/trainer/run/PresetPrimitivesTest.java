package dev.dalle.trainer.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.onednn.Primitive;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import dev.dalle.tensor.internal.cpu.HostDevice;
import dev.dalle.trainer.stage.DvaeStage;
import dev.dalle.trainer.stage.Timing;
import dev.dalle.trainer.stage.TransformerStage;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One update of each stage of each shipped preset, in every type that the processor computes in: no product or convolution may fall to oneDNN's
 * reference code, which is a hundred to a thousand times slower. Runs once more with the instruction set limited to AVX2 and to AVX-512 without bf16.
 */
class PresetPrimitivesTest {
  static Stream<String> presets() {
    return RunPresets.all().names().stream();
  }

  @ParameterizedTest
  @MethodSource("presets")
  void findsFastCodeForEveryShape(String name) {
    RunConfig run = RunPresets.all().get(name);
    CpuBackend backend = new CpuBackend(2);
    HostDevice device = new HostDevice("cpu", backend.team(), backend::computes, backend::ops);
    for (Compute compute : Compute.values()) {
      if (device.computesIn(compute.dtype())) {
        new DvaeStage(run.dvae().withCompute(compute), 1, device).secondsPerStep(Timing.Effort.GLANCE);
        new TransformerStage(run.transformer().withCompute(compute), 1, device).secondsPerStep(18, Timing.Effort.GLANCE);
      }
    }
    List<Primitive> made = backend.oneDnn().primitives();
    assertTrue(made.size() > 20, () -> "only " + made.size() + " primitives were made");
    List<String> slow = made.stream().filter(Primitive::isReference).map(Primitive::toString).toList();
    assertEquals(List.of(), slow);
    assertTrue(device.computesIn(DType.F32));
  }
}
