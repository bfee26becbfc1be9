package dev.dalle.tensor;

/** What happens to a gradient on its way back: scaling, replacing what is not finite, a change of type. */
@FunctionalInterface
public interface GradientFilter {
  /**
   * Posts the computation.
   *
   * @param gradient floating, not to be written to
   * @param out overwritten; as many elements, of the type that is to be passed on, which may be another one
   */
  void apply(Tensor gradient, Tensor out);
}
