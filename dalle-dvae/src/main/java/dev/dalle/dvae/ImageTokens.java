package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/**
 * Pictures to tokens and back with a trained discrete VAE: the token of a position is the code with the greatest logit, the first of equals.
 * Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2 (argmax sampling from the encoder, without noise).
 *
 * <p>Works through any number of pictures in batches; a picture's result does not depend on the pictures beside it, as far as the device's
 * products do not. Nothing is waited for. One thread at a time.
 */
public final class ImageTokens {
  private final Dvae dvae;
  private final DType computeType;
  private final int batch;

  /**
   * A view of a trained model.
   *
   * @param computeType of the convolutions: one that the device computes in
   * @param batch pictures at a time, 1 or more; memory is proportional to it
   */
  public ImageTokens(Dvae dvae, DType computeType, int batch) {
    this.dvae = Objects.requireNonNull(dvae, "dvae");
    this.computeType = Objects.requireNonNull(computeType, "computeType");
    if (batch < 1) {
      throw new IllegalArgumentException("batch: expected 1 or more, got " + batch);
    }
    this.batch = batch;
  }

  /**
   * Tokens of pictures.
   *
   * @param scope will own the result
   * @param pixels F32 {@code [N, S, S, 3]}, in [0, 1]
   * @return I32 {@code [N, grid, grid]}
   * @throws dev.dalle.tensor.ShapeException if the shape differs; the message shows both
   */
  public Tensor encode(Scope scope, Tensor pixels) {
    Dvae.checkImages("pixels", pixels, dvae.config());
    int grid = dvae.config().gridSize();
    Tensor ids = scope.allocate(DType.I32, pixels.dim(0), grid, grid);
    inBatches(pixels, ids, (tape, part, out) -> {
      Tensor mapped = PixelMap.map(tape, part);
      tape.ops().argmax(dvae.encoder().logits(tape, mapped), out);
    });
    return ids;
  }

  /**
   * Pictures of tokens.
   *
   * @param scope will own the result
   * @param ids I32 {@code [N, grid, grid]}, each from 0 to vocabulary - 1
   * @return F32 {@code [N, S, S, 3]}, in [0, 1]
   * @throws dev.dalle.tensor.ShapeException if the shape differs; the message shows both
   */
  public Tensor decode(Scope scope, Tensor ids) {
    Dvae.checkIds(ids, dvae.config());
    int size = dvae.config().imageSize();
    Tensor pixels = scope.allocate(DType.F32, ids.dim(0), size, size, DvaeConfig.CHANNELS);
    inBatches(ids, pixels, (tape, part, out) -> {
      Tensor maps = dvae.decoder().mapsOf(tape, part);
      tape.device().operations(DvaeOps.class).pixels(maps, out);
    });
    return pixels;
  }

  /**
   * Pictures as their tokens show them: {@link #decode} of {@link #encode}.
   *
   * @param scope will own the result
   * @param pixels F32 {@code [N, S, S, 3]}, in [0, 1]
   * @return F32, the shape of {@code pixels}, in [0, 1]
   */
  public Tensor reconstruct(Scope scope, Tensor pixels) {
    try (Scope inner = pixels.device().newScope()) {
      return decode(scope, encode(inner, pixels));
    }
  }

  private void inBatches(Tensor in, Tensor out, Work work) {
    Device device = in.device();
    for (long from = 0; from < in.dim(0); from += batch) {
      long to = Math.min(in.dim(0), from + batch);
      try (Scope inner = device.newScope()) {
        work.run(Tape.inference(inner, computeType), in.slice(from, to), out.slice(from, to));
      }
    }
  }

  private interface Work {
    void run(Tape tape, Tensor in, Tensor out);
  }
}
