package dev.dalle.dvae;

import dev.dalle.tensor.CountingDevice;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/**
 * Pictures to tokens and back with a trained discrete VAE: the token of a position is the code with the greatest logit, the first of equals.
 * Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2 (argmax sampling from the encoder, without noise).
 *
 * <p>Pictures may have any size that divides into tokens, whatever size the model was trained on: both networks are made of convolutions. Their
 * height and width are multiples of {@link DvaeConfig#downsampling}, called d below.
 *
 * <p>Works through any number of pictures in batches, and through large pictures in tiles ({@link #withTile}). The result depends neither on the
 * pictures beside a picture nor on the tiles, as far as the device's products do not. Nothing is waited for. One thread at a time.
 */
public final class ImageTokens {
  private final Dvae dvae;
  private final DType computeType;
  private final int batch;
  private final int tile;

  /**
   * A view of a trained model that takes pictures whole.
   *
   * @param computeType of the convolutions: one that the device computes in
   * @param batch pictures at a time, 1 or more; memory is proportional to it
   */
  public ImageTokens(Dvae dvae, DType computeType, int batch) {
    this(dvae, computeType, batch, Integer.MAX_VALUE);
  }

  private ImageTokens(Dvae dvae, DType computeType, int batch, int tile) {
    this.dvae = Objects.requireNonNull(dvae, "dvae");
    this.computeType = Objects.requireNonNull(computeType, "computeType");
    if (batch < 1) {
      throw new IllegalArgumentException("batch: expected 1 or more, got " + batch);
    }
    if (tile < 1) {
      throw new IllegalArgumentException("tile: expected 1 token or more, got " + tile);
    }
    this.batch = batch;
    this.tile = tile;
  }

  /**
   * The same view, taking pictures in square tiles: beside the pictures and tokens themselves memory is bounded by the tile, however large a picture.
   * The result stays what it is, because a tile is computed with everything around it that its tokens or pixels depend on. In the paper's model that
   * is 12 tokens on each side, in both directions: a tile of 32 tokens computes 56 x 56 in their place, three times as many; a larger tile wastes less.
   *
   * @param tokensPerSide 1 or more
   */
  public ImageTokens withTile(int tokensPerSide) {
    return new ImageTokens(dvae, computeType, batch, tokensPerSide);
  }

  /**
   * Bytes of device memory that {@link #encode} or {@link #decode} takes at most beside the model: what goes in, what comes out and what lies between.
   * Computes and allocates nothing there.
   *
   * @param batch pictures at a time; as many are counted
   * @param tile tokens a side of a tile
   * @param rows of a picture's tokens
   * @param columns of a picture's tokens
   */
  public static long bytesNeeded(DvaeConfig config, DType computeType, int batch, int tile, int rows, int columns) {
    CountingDevice counting = new CountingDevice();
    try (Scope scope = counting.newScope()) {
      ImageTokens tokens = new ImageTokens(new Dvae(scope, config), computeType, batch).withTile(tile);
      long model = counting.bytesInUse();
      int side = config.downsampling();
      try (Scope work = counting.newScope()) {
        tokens.encode(work, work.allocate(DType.F32, batch, (long) side * rows, (long) side * columns, DvaeConfig.CHANNELS));
      }
      try (Scope work = counting.newScope()) {
        tokens.decode(work, work.allocate(DType.I32, batch, rows, columns));
      }
      return counting.peakBytes() - model;
    }
  }

  /**
   * Tokens of pictures.
   *
   * @param scope will own the result
   * @param pixels F32 {@code [N, H, W, 3]}, in [0, 1]
   * @return I32 {@code [N, H / d, W / d]}
   * @throws dev.dalle.tensor.ShapeException if the shape does not fit; the message shows what was expected and what was given
   */
  public Tensor encode(Scope scope, Tensor pixels) {
    Dvae.checkImages("pixels", pixels, dvae.config());
    int side = dvae.config().downsampling();
    Tensor ids = scope.allocate(DType.I32, pixels.dim(0), pixels.dim(1) / side, pixels.dim(2) / side);
    inBatches(pixels, ids, Tiles.ofEncoder(dvae.config(), tile), (inner, part, out) -> {
      Tape tape = Tape.inference(inner, computeType);
      dvae.encoder().mostProbable(tape, PixelMap.map(tape, part), out);
    });
    return ids;
  }

  /**
   * Pictures of tokens.
   *
   * @param scope will own the result
   * @param ids I32 {@code [N, rows, columns]}, each from 0 to vocabulary - 1
   * @return F32 {@code [N, rows * d, columns * d, 3]}, in [0, 1]
   * @throws dev.dalle.tensor.ShapeException if the shape does not fit; the message shows what was expected and what was given
   */
  public Tensor decode(Scope scope, Tensor ids) {
    Dvae.checkIds(ids);
    int side = dvae.config().downsampling();
    Tensor pixels = scope.allocate(DType.F32, ids.dim(0), side * ids.dim(1), side * ids.dim(2), DvaeConfig.CHANNELS);
    inBatches(ids, pixels, Tiles.ofDecoder(dvae.config(), tile), (inner, part, out) -> {
      Tensor maps = dvae.decoder().mapsOf(Tape.inference(inner, computeType), part);
      inner.device().operations(DvaeOps.class).pixels(maps, out);
    });
    return pixels;
  }

  /**
   * Pictures as their tokens show them: {@link #decode} of {@link #encode}.
   *
   * @param scope will own the result
   * @param pixels F32 {@code [N, H, W, 3]}, in [0, 1]
   * @return F32, the shape of {@code pixels}, in [0, 1]
   * @throws dev.dalle.tensor.ShapeException as {@link #encode}
   */
  public Tensor reconstruct(Scope scope, Tensor pixels) {
    try (Scope inner = pixels.device().newScope()) {
      return decode(scope, encode(inner, pixels));
    }
  }

  private void inBatches(Tensor in, Tensor out, Tiles tiles, Tiles.Network network) {
    for (long from = 0; from < in.dim(0); from += batch) {
      long to = Math.min(in.dim(0), from + batch);
      tiles.run(in.slice(from, to), out.slice(from, to), network);
    }
  }
}
