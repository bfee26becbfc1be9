package dev.dalle.tokenizer.internal.spec;

import dev.dalle.tokenizer.internal.merge.IntList;
import dev.dalle.tokenizer.internal.split.PaperSplitter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * A vocabulary of our own, merge after merge: ids 0 to 255 are the bytes, with a suffix the next 256 are the bytes at the end of a piece, and each merge makes
 * the next id. Refuses merges that the limits or the rule do not allow.
 */
public final class VocabularyBuilder {
  private final boolean lettersOnly;
  private final String suffix;
  private final int maxSize;
  private final int maxTokenBytes;
  private final List<byte[]> tokens = new ArrayList<>();
  // Ids by hash of the bytes, -1 where there is none; at most half full.
  private int[] slots = emptySlots(1 << 12);
  private final IntList left = new IntList(1024);
  private final IntList right = new IntList(1024);

  /**
   * Bytes only.
   *
   * @param lettersOnly whether only letters a-z may merge: the paper's rule
   * @param suffix behind the last byte of a piece; empty for no difference
   * @param maxSize most tokens
   * @param maxTokenBytes longest token, the suffix included
   */
  public VocabularyBuilder(boolean lettersOnly, String suffix, int maxSize, int maxTokenBytes) {
    this.lettersOnly = lettersOnly;
    this.suffix = suffix;
    this.maxSize = maxSize;
    this.maxTokenBytes = maxTokenBytes;
    byte[] end = suffix.getBytes(StandardCharsets.UTF_8);
    for (int id = 0; id < (suffix.isEmpty() ? 256 : 512); id++) {
      byte[] token = new byte[id < 256 ? 1 : 1 + end.length];
      token[0] = (byte) id;
      System.arraycopy(end, 0, token, 1, token.length - 1);
      enter(token);
    }
  }

  private static int[] emptySlots(int count) {
    int[] slots = new int[count];
    Arrays.fill(slots, -1);
    return slots;
  }

  private void enter(byte[] token) {
    if (2 * (tokens.size() + 1) > slots.length) {
      slots = emptySlots(2 * slots.length);
      for (int id = 0; id < tokens.size(); id++) {
        slots[slot(tokens.get(id))] = id;
      }
    }
    slots[slot(token)] = tokens.size();
    tokens.add(token);
  }

  /** Where the bytes stand, or would. */
  private int slot(byte[] bytes) {
    int slot = TokenList.hash(bytes, 0, bytes.length) & slots.length - 1;
    while (slots[slot] >= 0 && !Arrays.equals(tokens.get(slots[slot]), bytes)) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }

  /** Number of tokens so far. */
  public int size() {
    return tokens.size();
  }

  /** Number of bytes of a token. */
  public int length(int id) {
    return tokens.get(id).length;
  }

  /** The token with these bytes, if there is one. */
  public OptionalInt id(byte[] bytes) {
    int id = slots[slot(bytes)];
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Whether two tokens may become one as far as length is concerned. */
  public boolean fits(int leftId, int rightId) {
    return length(leftId) + length(rightId) <= maxTokenBytes;
  }

  /**
   * Adds a merge.
   *
   * @throws IllegalArgumentException if it uses a token that does not exist yet or may not merge, or makes one that is too long or exists already
   */
  public void add(int leftId, int rightId) {
    if (size() == maxSize) {
      throw new IllegalArgumentException("a vocabulary has at most " + maxSize + " tokens");
    }
    check(leftId);
    check(rightId);
    byte[] joined = new byte[length(leftId) + length(rightId)];
    System.arraycopy(tokens.get(leftId), 0, joined, 0, length(leftId));
    System.arraycopy(tokens.get(rightId), 0, joined, length(leftId), length(rightId));
    if (joined.length > maxTokenBytes) {
      throw new IllegalArgumentException("the new token \"" + shown(joined) + "\" has " + joined.length + " bytes, and at most " + maxTokenBytes
          + " are allowed");
    }
    OptionalInt existing = id(joined);
    if (existing.isPresent()) {
      throw new IllegalArgumentException("the new token \"" + shown(joined) + "\" exists already as token " + existing.getAsInt());
    }
    left.add(leftId);
    right.add(rightId);
    enter(joined);
  }

  private void check(int id) {
    if (id < 0 || id >= size()) {
      throw new IllegalArgumentException("token " + id + " does not exist yet; a merge uses tokens below the one it makes, here " + size());
    }
    if (lettersOnly && id < 256 && !PaperSplitter.isLetter(id)) {
      throw new IllegalArgumentException("token " + id + " (" + ByteText.shown(id) + ") is no letter a-z, and only letters merge");
    }
  }

  private static String shown(byte[] token) {
    return new String(token, StandardCharsets.UTF_8);
  }

  /** The model so far. */
  public ModelSpec.Merges build() {
    int[] result = new int[left.size()];
    int first = size() - result.length;
    for (int rank = 0; rank < result.length; rank++) {
      result[rank] = first + rank;
    }
    return new ModelSpec.Merges(new TokenList(tokens), true, left.toArray(), right.toArray(), result, OptionalInt.empty(), "", suffix, false, false, false);
  }
}
