package dev.dalle.trainer.cli;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.dvae.DvaeWeights;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.report.Machine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A trained dVAE that turns pictures into tokens and back. Owns the weights' memory; one thread at a time. */
final class PictureCodec implements AutoCloseable {
  /** Tokens along a side of the tiles that larger pictures are worked through in, unless something else is asked for. */
  static final int TILE = 32;
  /** Pictures that go through the network at a time, where memory allows and none is larger than a tile. */
  private static final int BATCH = 32;

  private final Device device;
  private final Scope scope;
  private final Dvae dvae;
  private final DType computeType;
  private final int tile;

  private PictureCodec(Device device, Scope scope, Dvae dvae, DType computeType, int tile) {
    this.device = device;
    this.scope = scope;
    this.dvae = dvae;
    this.computeType = computeType;
    this.tile = tile;
  }

  /**
   * Reads weights.
   *
   * @param files of the weights
   * @param networks that are needed
   * @param computeType of the convolutions
   * @param tile tokens along a side of the tiles that larger pictures are worked through in, 1 or more
   * @throws CommandException if a network is not there
   * @throws IOException if a file is missing, damaged or something else
   */
  static PictureCodec open(Device device, DvaeFiles files, List<DvaeNetwork> networks, DType computeType, int tile) throws IOException {
    Scope scope = device.newScope();
    try (DvaeWeights weights = files.open(networks)) {
      return new PictureCodec(device, scope, weights.read(scope), computeType, tile);
    } catch (Throwable t) {
      scope.close();
      throw t;
    }
  }

  /** Sizes of the model. */
  DvaeConfig config() {
    return dvae.config();
  }

  /** The model, for those who draw. */
  ImageTokens tokens() {
    return new ImageTokens(dvae, computeType, BATCH);
  }

  /**
   * Tokens of pictures.
   *
   * @param pictures their sides are multiples of what a token stands for; taken as they are needed, so that large ones need not be there all at once
   * @return one for each
   * @throws CommandException if there is too little memory
   */
  List<TokenGrid> encode(Stream<Picture> pictures) {
    List<TokenGrid> grids = new ArrayList<>();
    List<Picture> waiting = new ArrayList<>();
    pictures.forEachOrdered(picture -> {
      if (!waiting.isEmpty() && !fits(waiting, picture)) {
        grids.addAll(encodeAlike(waiting));
        waiting.clear();
      }
      waiting.add(picture);
    });
    if (!waiting.isEmpty()) {
      grids.addAll(encodeAlike(waiting));
    }
    return grids;
  }

  private boolean fits(List<Picture> waiting, Picture next) {
    Picture first = waiting.getFirst();
    return next.height() == first.height() && next.width() == first.width()
        && waiting.size() < together(first.height() / config().downsampling(), first.width() / config().downsampling());
  }

  private List<TokenGrid> encodeAlike(List<Picture> pictures) {
    int height = pictures.getFirst().height();
    int width = pictures.getFirst().width();
    int rows = height / config().downsampling();
    int columns = width / config().downsampling();
    ImageTokens tokens = tokens(pictures.size(), rows, columns);
    int[] all;
    try (Scope work = device.newScope()) {
      all = tokens.encode(work, work.of(PictureFloats.of(pictures), pictures.size(), height, width, Picture.CHANNELS)).toInts();
    }
    int length = rows * columns;
    return IntStream.range(0, pictures.size()).mapToObj(i -> new TokenGrid(rows, columns, Arrays.copyOfRange(all, i * length, (i + 1) * length))).toList();
  }

  /**
   * Pictures of tokens.
   *
   * @param grids of the model's vocabulary
   * @param ready takes the pictures in that order, each as soon as it is there
   * @throws CommandException if there is too little memory
   */
  void decode(List<TokenGrid> grids, Consumer<Picture> ready) {
    for (int from = 0; from < grids.size(); ) {
      TokenGrid first = grids.get(from);
      int to = from + 1;
      while (to < grids.size() && grids.get(to).rows() == first.rows() && grids.get(to).columns() == first.columns()
          && to - from < together(first.rows(), first.columns())) {
        to++;
      }
      decodeAlike(grids.subList(from, to)).forEach(ready);
      from = to;
    }
  }

  private List<Picture> decodeAlike(List<TokenGrid> grids) {
    int rows = grids.getFirst().rows();
    int columns = grids.getFirst().columns();
    ImageTokens tokens = tokens(grids.size(), rows, columns);
    int[] all = grids.stream().flatMapToInt(grid -> Arrays.stream(grid.ids())).toArray();
    try (Scope work = device.newScope()) {
      float[] pixels = tokens.decode(work, work.of(all, grids.size(), rows, columns)).toFloats();
      return PictureFloats.pictures(pixels, grids.size(), rows * config().downsampling(), columns * config().downsampling());
    }
  }

  /** Pictures of a size that are taken together at most. */
  private int together(int rows, int columns) {
    return rows > tile || columns > tile ? 1 : BATCH;
  }

  private ImageTokens tokens(int pictures, int rows, int columns) {
    return new ImageTokens(dvae, computeType, batch(config(), computeType, tile, pictures, rows, columns, Machine.current().availableBytes()))
        .withTile(tile);
  }

  /**
   * How many pictures at a time fit.
   *
   * @param wanted at most
   * @param rows of tokens
   * @param columns of tokens
   * @param availableBytes of main memory
   * @throws CommandException if not even one does
   */
  static int batch(DvaeConfig config, DType computeType, int tile, int wanted, int rows, int columns, long availableBytes) {
    for (int batch = wanted; ; batch /= 2) {
      long bytes = ImageTokens.bytesNeeded(config, computeType, batch, tile, rows, columns);
      if (bytes <= availableBytes) {
        return batch;
      }
      if (batch == 1) {
        throw new CommandException("too little memory: a picture of " + columns * config.downsampling() + " x " + rows * config.downsampling()
            + " pixels takes " + MachineCheck.gib(bytes) + " beside the model in tiles of " + tile + " tokens, " + MachineCheck.gib(availableBytes)
            + " are available; use smaller tiles (--tile), or end other programs");
      }
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
