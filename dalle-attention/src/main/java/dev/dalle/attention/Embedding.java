package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The transformer's input: what state s of the stream is given. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2 and Figure 10.
 *
 * <p>Text: state 0 is the start of the text, state i + 1 text token i, each plus the vector of its position; the states after the caption's last
 * token are padding vectors, one for each position, with no position added. Image: the state of cell c is given image token c - 1, the
 * state of cell 0 the start of the image, each plus the vectors of the row and column of <em>its own</em> cell, the one that it predicts.
 * The last image token is never an input.
 */
final class Embedding {
  private final TransformerConfig config;
  private final List<Parameter> tables;

  /** Order of the tables, as used below. */
  private static final int TEXT = 0;
  private static final int POSITION = 1;
  private static final int PADDING = 2;
  private static final int IMAGE = 3;
  private static final int ROW = 4;
  private static final int COLUMN = 5;
  private static final int START = 6;

  Embedding(TransformerConfig config, ParameterSet parameters) {
    this.config = config;
    this.tables = List.of(parameters.get("text.token"), parameters.get("text.position"), parameters.get("text.padding"),
        parameters.get("image.token"), parameters.get("image.row"), parameters.get("image.column"), parameters.get("start"));
  }

  List<Parameter> parameters() {
    return tables;
  }

  /** For each table the row that each state takes from it, -1 for none. */
  static final class Rows {
    private final int[][] indices = new int[7][];

    private Rows(int count) {
      for (int table = 0; table < indices.length; table++) {
        indices[table] = new int[count];
        Arrays.fill(indices[table], -1);
      }
    }

    private void set(int table, int at, int row) {
      indices[table][at] = row;
    }

    private int count() {
      return indices[0].length;
    }
  }

  /**
   * The first states of some sequences.
   *
   * @param captions {@code [B][n]}
   * @param images {@code [B][m]}, at least as many tokens as the states need
   * @param states how many states of each
   */
  Rows rows(int[][] captions, int[][] images, int states) {
    Rows rows = new Rows(captions.length * states);
    for (int b = 0; b < captions.length; b++) {
      for (int s = 0; s < states; s++) {
        int at = b * states + s;
        if (s >= config.textLength()) {
          int cell = s - config.textLength();
          image(rows, at, cell, cell == 0 ? -1 : images[b][cell - 1]);
        } else if (s > captions[b].length) {
          rows.set(PADDING, at, s);
        } else {
          rows.set(POSITION, at, s);
          rows.set(s == 0 ? START : TEXT, at, s == 0 ? 0 : captions[b][s - 1]);
        }
      }
    }
    return rows;
  }

  /**
   * The state of one cell in several sequences.
   *
   * @param before the image tokens of the cell before it, one for each sequence; not read for cell 0
   */
  Rows rows(int cell, int[] before) {
    Rows rows = new Rows(before.length);
    for (int n = 0; n < before.length; n++) {
      image(rows, n, cell, cell == 0 ? -1 : before[n]);
    }
    return rows;
  }

  private void image(Rows rows, int at, int cell, int tokenBefore) {
    rows.set(cell == 0 ? START : IMAGE, at, cell == 0 ? 1 : tokenBefore);
    rows.set(ROW, at, cell / config.gridSide());
    rows.set(COLUMN, at, cell % config.gridSide());
  }

  /** The sum of the rows: F32 {@code [count, d]}. */
  Tensor apply(Tape tape, Rows rows) {
    Tensor out = tape.scope().allocate(DType.F32, rows.count(), config.width());
    List<Parameter> used = new ArrayList<>();
    List<Tensor> indices = new ArrayList<>();
    for (int table = 0; table < tables.size(); table++) {
      if (Arrays.stream(rows.indices[table]).anyMatch(row -> row >= 0)) {
        Tensor index = tape.scope().of(rows.indices[table], rows.count());
        tape.ops().gatherRows(tables.get(table).value(), index, out, !used.isEmpty());
        used.add(tables.get(table));
        indices.add(index);
      }
    }
    return tape.record(out, gradOut -> {
      for (int i = 0; i < used.size(); i++) {
        tape.ops().scatterAddRows(gradOut, indices.get(i), used.get(i).gradient());
      }
    });
  }
}
