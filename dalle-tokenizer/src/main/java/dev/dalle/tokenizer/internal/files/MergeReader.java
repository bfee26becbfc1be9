package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.merge.IntList;
import dev.dalle.tokenizer.internal.merge.PairTable;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import java.util.OptionalInt;

/** Merges in order of rank, each checked against the vocabulary. */
final class MergeReader {
  private final TokenReader tokens;
  private final String prefix;
  private final IntList left = new IntList(1024);
  private final IntList right = new IntList(1024);
  private final IntList result = new IntList(1024);
  private final PairTable seen = new PairTable(1024);

  /**
   * No merges yet.
   *
   * @param prefix in front of tokens that do not begin a piece; it falls away where they are joined
   */
  MergeReader(TokenReader tokens, String prefix) {
    this.tokens = tokens;
    this.prefix = prefix;
  }

  /**
   * Adds a merge.
   *
   * @param where for messages: the line or place in the file
   * @throws FormatProblem if one of its tokens or the joined one is not in the vocabulary, or the pair stood there before
   */
  void add(String leftToken, String rightToken, String where) throws FormatProblem {
    if (left.size() == Limits.MERGES) {
      throw new FormatProblem(where + ": there are more than " + Limits.MERGES + " merges");
    }
    int leftId = id(leftToken, where);
    int rightId = id(rightToken, where);
    boolean continues = !prefix.isEmpty() && rightToken.startsWith(prefix);
    String joined = leftToken + (continues ? rightToken.substring(prefix.length()) : rightToken);
    int joinedId = tokens.id(joined);
    if (joinedId < 0) {
      throw new FormatProblem(where + ": the merge \"" + TokenReader.shown(leftToken) + " " + TokenReader.shown(rightToken) + "\" makes \""
          + TokenReader.shown(joined) + "\", which is not in the vocabulary");
    }
    long before = seen.put(PairTable.key(leftId, rightId), left.size());
    if (before != PairTable.ABSENT) {
      throw new FormatProblem(where + ": the merge \"" + TokenReader.shown(leftToken) + " " + TokenReader.shown(rightToken)
          + "\" stands there a second time; it is merge " + (before + 1) + " already");
    }
    left.add(leftId);
    right.add(rightId);
    result.add(joinedId);
  }

  private int id(String token, String where) throws FormatProblem {
    int id = tokens.id(token);
    if (id < 0) {
      throw new FormatProblem(where + ": a merge names \"" + TokenReader.shown(token) + "\", which is not in the vocabulary");
    }
    return id;
  }

  /** The model. */
  ModelSpec.Merges model(boolean byteLevel, OptionalInt unknown, String suffix, boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) {
    return new ModelSpec.Merges(tokens.tokens(), byteLevel, left.toArray(), right.toArray(), result.toArray(), unknown, prefix, suffix, fuseUnknown,
        byteFallback, ignoreMerges);
  }
}
