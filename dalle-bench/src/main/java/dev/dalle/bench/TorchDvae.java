package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.PixelMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The discrete VAE's objective written with libtorch's operations: channels-last images, ReLU in place where autograd allows it, convolutions in the compute
 * type, everything around the code and the likelihood in F32, as on our side. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix A.
 */
final class TorchDvae {
  private final DvaeConfig config;
  private final TorchParameters parameters;
  private final ScalarType compute;
  private Tensor table;

  TorchDvae(DvaeConfig config, TorchParameters parameters, ScalarType compute) {
    this.config = config;
    this.parameters = parameters;
    this.compute = compute;
  }

  /**
   * The loss.
   *
   * @param pixels F32 {@code [B, 3, S, S]}
   * @param noise uniform numbers, F32 {@code [B, grid, grid, K]}; overwritten
   */
  Tensor loss(Tensor pixels, Tensor noise, double temperature, double beta) {
    Tensor mapped = pixels.mul(new Scalar(PixelMap.SLOPE)).add(new Scalar(PixelMap.EPSILON));
    Tensor logits = encode(mapped).permute(0, 2, 3, 1);
    Tensor gumbel = noise.log_().neg_().log_();
    Tensor code = torch.softmax(logits.sub(gumbel).mul(new Scalar(1 / temperature)), -1);
    Tensor maps = decode(code.permute(0, 3, 1, 2));
    Tensor perPosition = torch.log_softmax(logits, -1);
    double entropyShift = (double) noise.numel() / config.vocabulary() * Math.log(config.vocabulary());
    Tensor divergence = perPosition.exp().mul(perPosition).sum().add(new Scalar(entropyShift));
    return likelihood(mapped, maps).add(divergence.mul(new Scalar(beta))).mul(new Scalar(1.0 / pixels.numel()));
  }

  /** Converts every parameter to the type it is used in, once and for all, for passes without gradients. */
  void keep() {
    for (String name : parameters.leaves().keySet()) {
      boolean atCode = name.startsWith("encoder.blocks.output") || name.startsWith("decoder.blocks.input");
      parameters.keep(name, atCode ? ScalarType.Float : compute);
    }
    // A column of the weight is what a one-hot code makes of it.
    table = parameters.kept("decoder.blocks.input.w").squeeze().t().contiguous();
  }

  /**
   * Logits, after {@link #keep}.
   *
   * @param pixels F32 {@code [B, 3, S, S]}
   * @return F32 {@code [B, K, grid, grid]}
   */
  Tensor logits(Tensor pixels) {
    return encode(pixels.mul(new Scalar(PixelMap.SLOPE)).add(new Scalar(PixelMap.EPSILON)));
  }

  /**
   * Pictures, after {@link #keep}.
   *
   * @param ids 64-bit {@code [B, grid, grid]}
   * @return F32 {@code [B, 3, S, S]}, in [0, 1]
   */
  Tensor pixels(Tensor ids) {
    Tensor embedded = torch.embedding(table, ids).add(parameters.kept("decoder.blocks.input.b")).permute(0, 3, 1, 2);
    Tensor mu = torch.chunk(decodeEmbedded(embedded), 2, 1).get(0);
    return torch.sigmoid(mu).sub(new Scalar(PixelMap.EPSILON)).div(new Scalar(PixelMap.SLOPE)).clamp_(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)));
  }

  private Tensor encode(Tensor mapped) {
    Tensor x = mapped.sub(new Scalar(config.pixelCentre())).mul(new Scalar(config.pixelScale())).to(compute);
    x = convolution("encoder.blocks.input", x, compute);
    for (int group = 1; group <= config.groups(); group++) {
      if (group > 1) {
        x = torch.max_pool2d(x, 2, 2);
      }
      x = group("encoder.blocks.group_" + group, x);
    }
    return convolution("encoder.blocks.output.conv", torch.relu_(x.to(ScalarType.Float)), ScalarType.Float);
  }

  private Tensor decode(Tensor code) {
    return decodeEmbedded(convolution("decoder.blocks.input", code, ScalarType.Float));
  }

  private Tensor decodeEmbedded(Tensor embedded) {
    Tensor x = embedded.to(compute);
    for (int group = 1; group <= config.groups(); group++) {
      if (group > 1) {
        x = torch.upsample_nearest2d(x, new long[] {2 * x.size(2), 2 * x.size(3)});
      }
      x = group("decoder.blocks.group_" + group, x);
    }
    return convolution("decoder.blocks.output.conv", torch.relu_(x), compute).to(ScalarType.Float);
  }

  private Tensor group(String name, Tensor x) {
    Tensor state = x;
    for (int block = 1; block <= config.blocksPerGroup(); block++) {
      state = block(name + ".block_" + block, state);
    }
    return state;
  }

  private Tensor block(String name, Tensor x) {
    Tensor branch = torch.relu(x);
    for (int i = 1; i <= 4; i++) {
      branch = convolution(name + ".res_path.conv_" + i, branch, compute);
      if (i < 4) {
        branch = torch.relu_(branch);
      }
    }
    boolean identity = parameters.leaves().containsKey(name + ".id_path.w");
    Tensor trunk = identity ? convolution(name + ".id_path", x, compute) : x;
    return torch.add(trunk, branch, new Scalar(config.postGain()));
  }

  private Tensor parameter(String name, ScalarType type) {
    Tensor kept = parameters.kept(name);
    return kept == null ? parameters.value(name, type) : kept;
  }

  private Tensor convolution(String name, Tensor x, ScalarType type) {
    Tensor weight = parameter(name + ".w", type);
    TensorOptional bias = new TensorOptional(parameter(name + ".b", type));
    long half = weight.size(2) / 2;
    return torch.conv2d(x, weight, bias, new long[] {1, 1}, new long[] {half, half}, new long[] {1, 1}, 1);
  }

  /** The sum of the negative logarithms of the logit-Laplace densities. What does not depend on the maps needs no gradient. */
  private Tensor likelihood(Tensor mapped, Tensor maps) {
    TensorVector halves = torch.chunk(maps, 2, 1);
    Tensor logScale = halves.get(1);
    if (config.minLogScale().isPresent()) {
      logScale = torch.clamp_min(logScale, new Scalar(config.minLogScale().getAsDouble()));
    }
    Tensor distance = torch.logit(mapped).sub(halves.get(0)).abs();
    Tensor varying = distance.mul(logScale.neg().exp()).add(logScale).sum();
    Tensor constant = mapped.sub(mapped.mul(mapped)).log_().sum().add(new Scalar(Math.log(2) * mapped.numel()));
    return varying.add(constant);
  }
}
