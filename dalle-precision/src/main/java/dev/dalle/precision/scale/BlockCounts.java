package dev.dalle.precision.scale;

/**
 * What happened to the elements of gradients at both ends of a block, going backwards. "Coming in" is the gradient of the block's sum on its way into the branch,
 * converted to the type of the branch; "leaving" is the gradient of the branch's input on its way back to the stream.
 *
 * @param block name
 * @param elements that came in
 * @param filtered of them, values that were infinite or not a number, or became so when they were scaled
 * @param overflowed of them, finite values that became infinite in the branch's type
 * @param underflowed of them, values other than zero that became zero
 * @param leaving elements that left
 * @param leavingFiltered of them, values that were infinite or not a number
 */
public record BlockCounts(String block, long elements, long filtered, long overflowed, long underflowed, long leaving, long leavingFiltered) {
  /** Share of the elements that came in and became zero; 0 if none came. */
  public double underflowShare() {
    return elements == 0 ? 0 : (double) underflowed / elements;
  }
}
