package dev.dalle.dvae;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a network over grids tile by tile, with the result of running it over the whole. A tile is computed with a halo, the tokens around it that the network
 * reads for it, and cut out of what comes of that. Where the grid ends the halo ends too, so that the network finds its zero padding where it would find it
 * in the whole.
 *
 * <p>Sums of products may be taken in another order for another size of grid: results are equal to the bit as far as the device's products are.
 *
 * @param side tokens along a side of a tile, 1 or more; tiles at the right and at the bottom may be smaller
 * @param halo tokens around a tile
 * @param inUnit positions along one side that a token has in what goes in: pixels for an encoder, 1 for a decoder
 * @param outUnit the same in what comes out
 */
record Tiles(int side, int halo, int inUnit, int outUnit) {
  static Tiles ofEncoder(DvaeConfig config, int side) {
    return new Tiles(side, NetworkPlan.encoder(config).tokenRadius(), config.downsampling(), 1);
  }

  static Tiles ofDecoder(DvaeConfig config, int side) {
    return new Tiles(side, NetworkPlan.decoder(config).tokenRadius(), 1, config.downsampling());
  }

  /** What is run. */
  interface Network {
    /** Writes what comes of {@code in} to {@code out}; what it allocates in the scope goes with the tile. */
    void run(Scope scope, Tensor in, Tensor out);
  }

  /**
   * A tile's tokens along one side: from {@code begin} to before {@code end}; with its halo from {@code outerBegin} to before {@code outerEnd}.
   */
  private record Span(long begin, long end, long outerBegin, long outerEnd) {
    long length() {
      return end - begin;
    }

    long outerLength() {
      return outerEnd - outerBegin;
    }
  }

  private List<Span> spans(long tokens) {
    List<Span> spans = new ArrayList<>();
    for (long begin = 0; begin < tokens; begin += side) {
      long end = Math.min(tokens, begin + side);
      spans.add(new Span(begin, end, Math.max(0, begin - halo), Math.min(tokens, end + halo)));
    }
    return spans;
  }

  /**
   * Runs a network over grids.
   *
   * @param in {@code [B, rows * inUnit, columns * inUnit]} or with channels behind
   * @param out overwritten, {@code [B, rows * outUnit, columns * outUnit]} or with channels behind
   */
  void run(Tensor in, Tensor out, Network network) {
    List<Span> rows = spans(in.dim(1) / inUnit);
    List<Span> columns = spans(in.dim(2) / inUnit);
    Device device = in.device();
    for (Span row : rows) {
      for (Span column : columns) {
        try (Scope scope = device.newScope()) {
          if (rows.size() == 1 && columns.size() == 1) {
            network.run(scope, in, out);
          } else {
            tile(scope, in, out, row, column, network);
          }
        }
      }
    }
  }

  private void tile(Scope scope, Tensor in, Tensor out, Span row, Span column, Network network) {
    Tensor part = allocate(scope, in, inUnit * row.outerLength(), inUnit * column.outerLength());
    copy(in, inUnit * row.outerBegin(), inUnit * column.outerBegin(), part, 0, 0, part.dim(1), part.dim(2));
    Tensor result = allocate(scope, out, outUnit * row.outerLength(), outUnit * column.outerLength());
    network.run(scope, part, result);
    copy(result, outUnit * (row.begin() - row.outerBegin()), outUnit * (column.begin() - column.outerBegin()), out, outUnit * row.begin(),
        outUnit * column.begin(), outUnit * row.length(), outUnit * column.length());
  }

  /** Of the type, batch and channels of another. */
  private static Tensor allocate(Scope scope, Tensor like, long rows, long columns) {
    long[] dims = like.shape().toArray();
    dims[1] = rows;
    dims[2] = columns;
    return scope.allocate(like.dtype(), dims);
  }

  /** A rectangle of every grid of a batch, line by line: lines lie in one piece. */
  private static void copy(Tensor from, long fromRow, long fromColumn, Tensor to, long toRow, long toColumn, long rows, long columns) {
    Ops ops = from.device().ops();
    for (long b = 0; b < from.dim(0); b++) {
      for (long r = 0; r < rows; r++) {
        ops.copy(line(from, b, fromRow + r, fromColumn, columns), line(to, b, toRow + r, toColumn, columns));
      }
    }
  }

  private static Tensor line(Tensor grid, long b, long row, long column, long columns) {
    long begin = (b * grid.dim(1) + row) * grid.dim(2) + column;
    long positions = grid.dim(0) * grid.dim(1) * grid.dim(2);
    return grid.reshape(positions, grid.elementCount() / positions).slice(begin, begin + columns);
  }
}
