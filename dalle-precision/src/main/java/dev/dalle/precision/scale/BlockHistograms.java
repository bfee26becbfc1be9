package dev.dalle.precision.scale;

/**
 * How large a block's gradients were in an update.
 *
 * @param block name
 * @param incoming the gradient of the block's sum, as it comes along the stream, before it is scaled
 * @param inside the gradients of all results inside the branch, in the type in which it computes, scaled
 */
public record BlockHistograms(String block, GradientHistogram incoming, GradientHistogram inside) {}
