package dev.dalle.tokenizer;

/** Kinds of files that a vocabulary can be saved in. */
public enum TokenizerFormat {
  /** Our own: small, readable, with a checksum. For vocabularies that were trained here. */
  DALLE,
  /** Hugging Face's {@code tokenizer.json}. Takes everything. */
  HUGGING_FACE,
  /** GPT-2's {@code vocab.json} and {@code merges.txt}, in a folder. For vocabularies with GPT-2's split rule. */
  GPT2,
  /** tiktoken's rank file. For vocabularies that have ranks, or could have; the split rule is not in the file. */
  TIKTOKEN
}
