/**
 * Measures operations and training steps beside libtorch, and tokenizers beside others, in the same run. Never published.
 *
 * <p>Run with the script {@code dalle-bench/run}, which starts {@link dev.dalle.bench.Main} on the class path: JMH's forks know no other.
 */
module dev.dalle.bench {
  requires ai.djl.tokenizers;
  requires dev.dalle.attention;
  requires dev.dalle.dist;
  requires dev.dalle.dvae;
  requires dev.dalle.precision;
  requires dev.dalle.tensor;
  requires dev.dalle.tokenizer;
  requires jmh.core;
  requires jtokkit;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.openblas;
  requires org.bytedeco.pytorch;

  exports dev.dalle.bench;
  exports dev.dalle.bench.tokenizer;
}
