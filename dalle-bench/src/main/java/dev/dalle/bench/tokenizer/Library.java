package dev.dalle.bench.tokenizer;

/** Whose tokenizer is measured. */
public enum Library {
  /** This suite's. */
  OURS,
  /** jtokkit, in Java. */
  JTOKKIT,
  /** Hugging Face's tokenizers, in Rust, through DJL. */
  HUGGING_FACE
}
