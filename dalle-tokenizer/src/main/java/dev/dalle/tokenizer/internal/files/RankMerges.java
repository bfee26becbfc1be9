package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.merge.IntList;
import dev.dalle.tokenizer.internal.merge.PairTable;
import dev.dalle.tokenizer.internal.merge.WordMerger;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.TokenIndex;
import dev.dalle.tokenizer.internal.spec.TokenList;
import java.util.OptionalInt;

/**
 * Merges of a vocabulary that has only ranks: each token is encoded with the tokens below it, and the two that are left when it would come next are its merge.
 * A token for which more are left is reached by no merges; the model takes such a token only where it is a whole piece.
 */
final class RankMerges {
  private RankMerges() {}

  static ModelSpec.Merges of(ModelSpec.Ranks ranks) {
    TokenList tokens = ranks.tokens();
    TokenIndex index = new TokenIndex(tokens);
    PairTable pairs = new PairTable(tokens.size());
    WordMerger merger = new WordMerger(pairs);
    IntList left = new IntList(tokens.size());
    IntList right = new IntList(tokens.size());
    IntList result = new IntList(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      byte[] bytes = tokens.bytes(id);
      if (bytes.length < 2) {
        continue;
      }
      int[] symbols = merger.symbols(bytes.length);
      for (int i = 0; i < bytes.length; i++) {
        symbols[i] = index.get(bytes, i, i + 1);
      }
      merger.merge(bytes.length);
      if (merger.count() == 2) {
        pairs.put(PairTable.key(merger.token(0), merger.token(1)), (long) result.size() << 32 | id);
        left.add(merger.token(0));
        right.add(merger.token(1));
        result.add(id);
      }
    }
    return new ModelSpec.Merges(tokens, true, left.toArray(), right.toArray(), result.toArray(), OptionalInt.empty(), "", "", false, false, true);
  }
}
