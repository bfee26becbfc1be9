package dev.dalle.bench;

import java.util.List;

/** One way to compute something, with its inputs made and its memory allocated. One thread at a time. */
public interface Formulation extends AutoCloseable {
  /** Computes once: what is measured. */
  void run();

  /**
   * Computes once from the state it was opened in and reads what came out. Call it before {@link #run}, which may change that state.
   *
   * @return arrays in an order and layout that both sides of a comparison share
   */
  List<float[]> results();

  @Override
  void close();
}
