package dev.dalle.attention;

/**
 * An image as it was drawn.
 *
 * @param prompt number of its prompt
 * @param image its number among the images of that prompt
 * @param tokens {@code [W * W]} in raster order, the prompt's prefix included
 */
public record SampledImage(int prompt, int image, int[] tokens) {}
