package dev.dalle.tokenizer.internal.files;

/** What a file of others may ask for at most. */
final class Limits {
  /** Ids go to one less; the largest vocabularies in use have about 260,000 tokens. */
  static final int TOKENS = 1 << 21;
  /** Bytes of one token. */
  static final int TOKEN_BYTES = 1 << 12;
  /** Merges; vocabularies that were converted have several a token. */
  static final int MERGES = 1 << 23;

  private Limits() {}
}
