package dev.dalle.trainer.experiment;

import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.LossGradientScaler;
import dev.dalle.precision.scale.LossScale;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.scale.UnscaledGradientScaler;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.run.Compute;
import java.util.List;

/** What is compared: everything but this is the same. */
enum ScalingArm {
  /** Everything in 32 bits. */
  F32("f32", "32 bits", Compute.F32, Moments.F32),
  /** The inside of blocks in fp16, one scale for the loss with the numbers that people know from PyTorch. */
  LOSS("fp16-loss", "fp16, one scale, PyTorch's rules", Compute.F16, Moments.F32),
  /** The inside of blocks in fp16, one scale with the paper's rules for those of blocks. */
  LOSS_BY_BLOCK_RULES("fp16-loss-block-rules", "fp16, one scale, the paper's rules", Compute.F16, Moments.F32),
  /** The inside of blocks in fp16, a scale for each. */
  RESBLOCK("fp16-resblock", "fp16, a scale for each resblock", Compute.F16, Moments.F32),
  /** The same, and moments in 1-6-9 and 0-6-10. */
  RESBLOCK_MOMENTS("fp16-resblock-moments", "fp16, a scale for each resblock, 16-bit moments", Compute.F16, Moments.SIXTEEN_BIT);

  private final String key;
  private final String title;
  private final Compute compute;
  private final Moments moments;

  ScalingArm(String key, String title, Compute compute, Moments moments) {
    this.key = key;
    this.title = title;
    this.compute = compute;
    this.moments = moments;
  }

  /** In file names and metrics. */
  String key() {
    return key;
  }

  /** For people. */
  String title() {
    return title;
  }

  Compute compute() {
    return compute;
  }

  Moments moments() {
    return moments;
  }

  /**
   * How its gradients are scaled.
   *
   * @param replicas M, that an update is spread over: the loss of each is divided by the overall batch size, which contains M, so that gradients add up to their
   *     mean. All scales here are divided by it in place of the loss, which is the same for powers of two
   */
  GradientScaler scaler(Scope scope, List<Parameter> parameters, List<GradientBlock> blocks, int replicas) {
    GradientScaleConfig paper = GradientScaleConfig.paper(1);
    LossScale usual = new LossScale();
    return switch (this) {
      case F32 -> new UnscaledGradientScaler(scope, parameters, blocks);
      case LOSS -> new LossGradientScaler(scope, parameters, blocks, new LossScale(usual.scale() / replicas, 2, 0.5, 2000), Replicas.ALONE);
      case LOSS_BY_BLOCK_RULES -> new LossGradientScaler(scope, parameters, blocks, new LossScale(paper.start(), paper.growth(), 1 / paper.division(), 1),
          Replicas.ALONE);
      case RESBLOCK, RESBLOCK_MOMENTS -> new BlockGradientScaler(scope, parameters, blocks, paper, Replicas.ALONE);
    };
  }
}
