package dev.dalle.trainer.cli;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.run.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A trained dVAE that turns pictures into tokens and back. Owns the weights' memory; one thread at a time. */
final class PictureCodec implements AutoCloseable {
  /** Pictures that go through the network at a time. */
  private static final int BATCH = 32;

  private final Device device;
  private final Scope scope;
  private final DvaeConfig config;
  private final ImageTokens tokens;

  private PictureCodec(Device device, Scope scope, Dvae dvae, DType computeType) {
    this.device = device;
    this.scope = scope;
    this.config = dvae.config();
    this.tokens = new ImageTokens(dvae, computeType, BATCH);
  }

  /**
   * Reads weights.
   *
   * @param computeType of the convolutions
   * @throws IOException if the file is missing, damaged or something else
   */
  static PictureCodec open(Device device, Path file, DType computeType) throws IOException {
    Scope scope = device.newScope();
    try {
      return new PictureCodec(device, scope, ModelFiles.readDvae(file, scope), computeType);
    } catch (Throwable t) {
      scope.close();
      throw t;
    }
  }

  /** Sizes of the model. */
  DvaeConfig config() {
    return config;
  }

  /** The model, for those who draw. */
  ImageTokens tokens() {
    return tokens;
  }

  /**
   * Tokens of pictures.
   *
   * @param pictures at least one, of the model's size
   * @return {@code [pictures][grid * grid]}, row by row
   */
  List<int[]> encode(List<Picture> pictures) {
    int side = config.imageSize();
    int[] all;
    try (Scope work = device.newScope()) {
      all = tokens.encode(work, work.of(PictureFloats.of(pictures), pictures.size(), side, side, Picture.CHANNELS)).toInts();
    }
    int length = config.tokensPerImage();
    List<int[]> ids = new ArrayList<>(pictures.size());
    for (int i = 0; i < pictures.size(); i++) {
      ids.add(Arrays.copyOfRange(all, i * length, (i + 1) * length));
    }
    return ids;
  }

  /**
   * Pictures of tokens.
   *
   * @param ids at least one, each {@code [grid * grid]}, of the model's vocabulary
   */
  List<Picture> decode(List<int[]> ids) {
    int[] all = ids.stream().flatMapToInt(Arrays::stream).toArray();
    int side = config.imageSize();
    try (Scope work = device.newScope()) {
      float[] pixels = tokens.decode(work, work.of(all, ids.size(), config.gridSize(), config.gridSize())).toFloats();
      return PictureFloats.pictures(pixels, ids.size(), side, side);
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
