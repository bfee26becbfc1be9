package dev.dalle.tensor;

/** Looks at gradients while a tape runs backwards. */
@FunctionalInterface
public interface GradientObserver {
  /**
   * Called with the whole gradient of a result, before it is passed on to what the result was made from. Views of one memory are told one after the other, each
   * for its own result.
   *
   * @param result recorded on the tape
   * @param gradient of the result's shape and type; valid during the call and for operations posted in it, not to be written to
   */
  void observe(Tensor result, Tensor gradient);
}
