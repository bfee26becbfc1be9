package dev.dalle.bench;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeObjective;
import dev.dalle.dvae.Relaxation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import org.bytedeco.pytorch.global.torch;

/** An update of stage one on both sides, from the same weights. Pictures are noise: no operation's time depends on what they show. */
final class DvaeStepComparison implements Comparison {
  private static final long SEED = 6;
  private static final double TEMPERATURE = 0.5;
  private static final double BETA = 6.6;

  private final DvaeConfig config;
  private final int batch;
  private final DType dtype;
  private final float[] pixels;

  DvaeStepComparison(DvaeConfig config, int batch, DType dtype) {
    this.config = config;
    this.batch = batch;
    this.dtype = dtype;
    this.pixels = Inputs.uniform(1, (long) batch * config.valuesPerImage());
  }

  /**
   * Of gradients through some forty layers. Where no number lies within rounding of a kink (ReLU, pooling, the likelihood's absolute value) F32 gradients agree to
   * about 5e-6, root mean square; one that does and falls to different sides adds about 1e-3 to all layers below it. In BF16 both sides round after every layer,
   * each in its own places.
   */
  @Override
  public double tolerance() {
    return dtype == DType.F32 ? 0.04 : 0.5;
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Dvae dvae = new Dvae(scope, config);
    dvae.initialise(SEED);
    Tensor images = scope.of(pixels, batch, config.imageSize(), config.imageSize(), DvaeConfig.CHANNELS);
    return new OurTraining(scope, dvae.parameters(), dtype, (tape, step) ->
        DvaeObjective.negativeElb(tape, dvae, images, new Relaxation(TEMPERATURE, BETA, SEED, step)).loss());
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    try (Scope scope = Ours.device().newScope()) {
      Dvae dvae = new Dvae(scope, config);
      dvae.initialise(SEED);
      TorchParameters parameters = new TorchParameters(dvae.parameters());
      TorchDvae model = new TorchDvae(config, parameters, Torch.type(dtype));
      org.bytedeco.pytorch.Tensor images = Torch.image(DType.F32, pixels, batch, config.imageSize(), config.imageSize(), DvaeConfig.CHANNELS);
      return new TorchTraining(parameters.leaves(), parameters.decays(), fixed -> model.loss(images, noise(fixed), TEMPERATURE, BETA));
    }
  }

  private org.bytedeco.pytorch.Tensor noise(boolean fixed) {
    long[] dims = {batch, config.gridSize(), config.gridSize(), config.vocabulary()};
    if (!fixed) {
      return torch.rand(dims);
    }
    float[] values = new float[batch * config.tokensPerImage() * config.vocabulary()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Philox.uniform(SEED, 0, i);
    }
    return Torch.of(DType.F32, values, dims);
  }
}
