package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionPattern;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which blocks of scores a pattern needs. States are laid out in slots so that the pattern's pairs lie close together: text first, then the image from
 * the next multiple of {@link #ROWS} on, by rows, or by columns if the pattern attends by column. Slots are cut into tiles of {@link #ROWS}
 * queries and blocks of {@code lanes} keys; a tile lists the blocks in which at least one of its pairs is allowed. All of it is read off
 * {@link AttentionPattern#attends}.
 */
final class BlockPlan {
  /** Queries of a tile. */
  static final int ROWS = 16;

  /** Marks a block all of whose pairs are allowed. */
  static final int UNMASKED = -1;

  /** The state of each slot, -1 for a slot of padding; a multiple of {@link #ROWS} and of the lanes. */
  final int[] stateOfSlot;

  /** For each tile the numbers of its key blocks, ascending. */
  final int[][] blocks;

  /** For each tile and listed block where its mask begins in {@link #masks}, or {@link #UNMASKED}. */
  final int[][] maskOffsets;

  /** Masks to be added to scores, {@code [ROWS][lanes]} each: 0 where the pair is allowed, minus infinity elsewhere. */
  final float[] masks;

  /** The greatest number of blocks of a tile. */
  final int widestTile;

  private BlockPlan(int[] stateOfSlot, int[][] blocks, int[][] maskOffsets, float[] masks) {
    this.stateOfSlot = stateOfSlot;
    this.blocks = blocks;
    this.maskOffsets = maskOffsets;
    this.masks = masks;
    this.widestTile = Arrays.stream(blocks).mapToInt(tile -> tile.length).max().orElse(0);
  }

  int slots() {
    return stateOfSlot.length;
  }

  int tiles() {
    return blocks.length;
  }

  /** Pairs that are computed, allowed or not. */
  long computedPairs(int lanes) {
    long count = 0;
    for (int[] tile : blocks) {
      count += (long) tile.length * ROWS * lanes;
    }
    return count;
  }

  /**
   * The plan for the first states of a pattern's stream.
   *
   * @param lanes keys of a block: 16 or a divisor of it
   */
  static BlockPlan of(AttentionPattern pattern, int states, int lanes) {
    int[] stateOfSlot = SlotOrder.of(pattern, states, ROWS, ROWS);
    int[][] blocks = new int[stateOfSlot.length / ROWS][];
    int[][] maskOffsets = new int[blocks.length][];
    List<float[]> masks = new ArrayList<>();
    Map<List<Float>, Integer> known = new HashMap<>();
    int[] listed = new int[stateOfSlot.length / lanes];
    int[] offsets = new int[listed.length];
    for (int tile = 0; tile < blocks.length; tile++) {
      int count = 0;
      for (int block = 0; block < listed.length; block++) {
        float[] mask = mask(pattern, stateOfSlot, tile * ROWS, block * lanes, lanes);
        if (mask.length == 0) {
          continue;
        }
        listed[count] = block;
        offsets[count++] = isZero(mask) ? UNMASKED : known.computeIfAbsent(boxed(mask), key -> {
          masks.add(mask);
          return (masks.size() - 1) * mask.length;
        });
      }
      blocks[tile] = Arrays.copyOf(listed, count);
      maskOffsets[tile] = Arrays.copyOf(offsets, count);
    }
    float[] joined = new float[masks.size() * ROWS * lanes];
    for (int i = 0; i < masks.size(); i++) {
      System.arraycopy(masks.get(i), 0, joined, i * ROWS * lanes, ROWS * lanes);
    }
    return new BlockPlan(stateOfSlot, blocks, maskOffsets, joined);
  }

  /** The mask of a block; empty if no pair is allowed. Queries of padding may read everything: their scores are finite and never used. */
  private static float[] mask(AttentionPattern pattern, int[] stateOfSlot, int queryAt, int keyAt, int lanes) {
    float[] mask = new float[ROWS * lanes];
    boolean any = false;
    for (int r = 0; r < ROWS; r++) {
      int query = stateOfSlot[queryAt + r];
      for (int l = 0; l < lanes && query >= 0; l++) {
        int key = stateOfSlot[keyAt + l];
        boolean allowed = key >= 0 && pattern.attends(query, key);
        mask[r * lanes + l] = allowed ? 0 : Float.NEGATIVE_INFINITY;
        any |= allowed;
      }
    }
    return any ? mask : new float[0];
  }

  private static boolean isZero(float[] mask) {
    for (float value : mask) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private static List<Float> boxed(float[] mask) {
    List<Float> list = new ArrayList<>(mask.length);
    for (float value : mask) {
      list.add(value);
    }
    return list;
  }
}
