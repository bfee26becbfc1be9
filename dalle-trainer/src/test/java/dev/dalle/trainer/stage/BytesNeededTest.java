package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunPresets;
import dev.dalle.trainer.run.TransformerStageConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That what is told of the memory is what training takes. */
class BytesNeededTest {
  @ParameterizedTest
  @EnumSource(Compute.class)
  void isWhatAnUpdateTakes(Compute compute) {
    RunConfig run = RunPresets.all().get("emoji-tiny");
    Device device = Device.cpu(2);
    assumeTrue(device.computesIn(compute.dtype()), "this processor does not compute in " + compute);
    long before = device.bytesInUse();
    device.resetPeak();
    new TransformerStage(run.transformer().withCompute(compute), 1, device).secondsPerStep(Integer.MAX_VALUE, Timing.Effort.GLANCE);
    assertEquals(device.peakBytes() - before, TransformerStage.bytesNeeded(run.transformer().withCompute(compute)), "transformer");
    device.resetPeak();
    new DvaeStage(run.dvae().withCompute(compute), 1, device).secondsPerStep(Timing.Effort.GLANCE);
    assertEquals(device.peakBytes() - before, DvaeStage.bytesNeeded(run.dvae().withCompute(compute)), "dVAE");
  }

  /** The paper's model with 12 billion parameters in 32 bits: value, gradient, two moments and average are 246 GB, and nothing of it is allocated. */
  @Test
  void countsWhatNoMachineHas() {
    TransformerStageConfig paper = new TransformerStageConfig(TransformerConfig.paper(), Compute.F32, 10, 1, 1e-4, 1e-5, 0.1, 0.1, 0, 0.01, 0.9, 1, 4, true, 5);
    long bytes = TransformerStage.bytesNeeded(paper);
    assertTrue(bytes > 20L * 12_292_840_960L, bytes + " bytes");
  }
}
