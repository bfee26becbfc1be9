package dev.dalle.dvae;

import dev.dalle.tensor.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The published networks as their source lists them, in libtorch: four groups of two blocks, channels before height and width, nothing taken from our plans.
 * Source: Ramesh et al. 2021, arXiv 2102.12092, sections A.1 to A.3.
 */
final class LibtorchDvae {
  private static final int GROUPS = 4;
  private static final int BLOCKS = 2;
  private static final double POST_GAIN = 1.0 / 64;

  private final int width;
  private final int decoderInit;
  private final int vocabulary;
  private final Map<String, Tensor> weights = new LinkedHashMap<>();

  /**
   * Over copies of the parameters of ours.
   *
   * @param type to compute in
   * @param width n_hid
   * @param decoderInit n_init
   */
  LibtorchDvae(Dvae dvae, ScalarType type, int width, int decoderInit, int vocabulary) {
    this.width = width;
    this.decoderInit = decoderInit;
    this.vocabulary = vocabulary;
    for (Parameter parameter : dvae.parameters()) {
      Tensor value = Tensor.create(parameter.value().toFloats(), parameter.shape().toArray()).to(type);
      weights.put(parameter.name(), value.set_requires_grad(true));
    }
  }

  /** The gradient of a parameter after a way back. */
  Tensor gradient(String name) {
    return weights.get(name).grad();
  }

  /** {@code [B, 3, S, S]} of mapped pixels to {@code [B, K, S / 8, S / 8]}. */
  Tensor encode(Tensor mapped) {
    Tensor x = convolution("encoder.blocks.input", mapped, 7, 3, width);
    int[] channels = {width, width, 2 * width, 4 * width, 8 * width};
    for (int group = 1; group <= GROUPS; group++) {
      for (int block = 1; block <= BLOCKS; block++) {
        int inputs = block == 1 ? channels[group - 1] : channels[group];
        x = block("encoder.blocks.group_" + group + ".block_" + block, x, inputs, channels[group], 3, 3, 3, 1);
      }
      if (group < GROUPS) {
        x = torch.max_pool2d(x, 2);
      }
    }
    return convolution("encoder.blocks.output.conv", torch.relu(x), 1, 8 * width, vocabulary);
  }

  /** {@code [B, K, S / 8, S / 8]} of a soft code to {@code [B, 6, S, S]}. */
  Tensor decode(Tensor code) {
    Tensor x = convolution("decoder.blocks.input", code, 1, vocabulary, decoderInit);
    int[] channels = {decoderInit, 8 * width, 4 * width, 2 * width, width};
    for (int group = 1; group <= GROUPS; group++) {
      for (int block = 1; block <= BLOCKS; block++) {
        int inputs = block == 1 ? channels[group - 1] : channels[group];
        x = block("decoder.blocks.group_" + group + ".block_" + block, x, inputs, channels[group], 1, 3, 3, 3);
      }
      if (group < GROUPS) {
        x = torch.upsample_nearest2d(x, new long[] {2 * x.size(2), 2 * x.size(3)});
      }
    }
    return convolution("decoder.blocks.output.conv", torch.relu(x), 1, width, 6);
  }

  private Tensor block(String name, Tensor x, int inputs, int outputs, int... kernels) {
    int hidden = outputs / 4;
    Tensor path = x;
    for (int i = 1; i <= 4; i++) {
      int from = i == 1 ? inputs : hidden;
      int to = i == 4 ? outputs : hidden;
      path = convolution(name + ".res_path.conv_" + i, torch.relu(path), kernels[i - 1], from, to);
    }
    Tensor identity = inputs == outputs ? x : convolution(name + ".id_path", x, 1, inputs, outputs);
    return identity.add(path.mul(new Scalar(POST_GAIN)));
  }

  private Tensor convolution(String name, Tensor x, int kernel, int inputs, int outputs) {
    Tensor weight = weights.get(name + ".w");
    if (weight.size(0) != outputs || weight.size(1) != inputs || weight.size(2) != kernel || weight.size(3) != kernel) {
      throw new IllegalArgumentException(name + ": expected [" + outputs + ", " + inputs + ", " + kernel + ", " + kernel + "]");
    }
    long pad = (kernel - 1) / 2;
    return torch.conv2d(x, weight, new TensorOptional(weights.get(name + ".b")), new long[] {1, 1}, new long[] {pad, pad}, new long[] {1, 1}, 1);
  }

  /**
   * Encoder, relaxation and decoder, and the loss of all that.
   *
   * @param logits {@code [B, K, S / 8, S / 8]}
   * @param maps {@code [B, 6, S, S]}
   * @param loss a scalar
   */
  record Pass(Tensor logits, Tensor maps, Tensor loss) {}

  /**
   * The loss to minimise.
   *
   * @param pixels {@code [B, 3, S, S]} in [0, 1]
   * @param uniform {@code [B, K, S / 8, S / 8]}, the noise's
   */
  Pass pass(Tensor pixels, Tensor uniform, double temperature, double beta) {
    Tensor x = pixels.mul(new Scalar(0.8)).add(new Scalar(0.1));
    Tensor logits = encode(x);
    Tensor noise = uniform.log().neg().log().neg();
    Tensor code = torch.softmax(logits.add(noise).div(new Scalar(temperature)), 1);
    Tensor maps = decode(code);
    Tensor mu = maps.narrow(1, 0, 3);
    Tensor logScale = maps.narrow(1, 3, 3);
    Tensor odds = x.div(x.neg().add(new Scalar(1))).log();
    Tensor density = odds.sub(mu).abs().div(logScale.exp()).neg().sub(logScale).sub(x.log()).sub(x.neg().add(new Scalar(1)).log()).sub(new Scalar(Math.log(2)));
    Tensor logQ = torch.log_softmax(logits, 1);
    Tensor divergence = logQ.exp().mul(logQ.add(new Scalar(Math.log(vocabulary)))).sum();
    Tensor loss = density.sum().sub(divergence.mul(new Scalar(beta))).neg().div(new Scalar((double) pixels.numel()));
    return new Pass(logits, maps, loss);
  }

  /** The elements of {@code [B, C, H, W]} in the order {@code [B, H, W, C]}. */
  static float[] pixelsFirst(Tensor tensor) {
    return floats(tensor.permute(0, 2, 3, 1));
  }

  /** The elements in order. */
  static float[] floats(Tensor tensor) {
    Tensor plain = tensor.detach().to(ScalarType.Float).contiguous();
    float[] values = new float[Math.toIntExact(plain.numel())];
    new FloatPointer(plain.data_ptr_float()).get(values);
    return values;
  }

  /** {@code [B, C, H, W]} of elements in the order {@code [B, H, W, C]}. */
  static Tensor channelsFirst(ScalarType type, float[] values, long batch, long height, long width, long channels) {
    return Tensor.create(values, batch, height, width, channels).permute(0, 3, 1, 2).contiguous().to(type);
  }
}
