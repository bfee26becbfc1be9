package dev.dalle.trainer.picture;

/**
 * Resizing by area: each new pixel is the mean of the rectangle it covers in the old picture, as TensorFlow 1 does it with
 * {@code ResizeMethod.AREA} and {@code align_corners=True}, which is what the paper's listings call. In 32-bit floats like
 * the original. With aligned corners one new pixel covers {@code (old - 1) / (new - 1)} old pixels, so the last rectangle
 * may reach over the edge; pixels outside count as the edge pixel. Source: Ramesh et al. 2021, arXiv 2102.12092, Listings
 * 1 and 2.
 */
final class AreaResize {
  private AreaResize() {}

  /** One new pixel along one axis: the old pixels it touches and the share of each. */
  private record Span(int[] source, float[] share) {}

  /**
   * The means before rounding, {@code [rows, columns, 3]}, in the range of the picture's values.
   *
   * @param picture what to resize
   * @param rows new height, at least 1
   * @param columns new width, at least 1
   */
  static float[] resize(Picture picture, int rows, int columns) {
    float rowScale = scale(picture.height(), rows);
    float columnScale = scale(picture.width(), columns);
    Span[] spansDown = spans(picture.height(), rows, rowScale);
    Span[] spansAcross = spans(picture.width(), columns, columnScale);
    float normal = 1f / (rowScale * columnScale);
    byte[] raw = picture.raw();
    int stride = picture.width() * Picture.CHANNELS;
    float[] out = new float[Math.multiplyExact(Math.multiplyExact(rows, columns), Picture.CHANNELS)];
    int at = 0;
    for (Span down : spansDown) {
      for (Span across : spansAcross) {
        float red = 0;
        float green = 0;
        float blue = 0;
        for (int i = 0; i < down.source.length; i++) {
          int line = down.source[i] * stride;
          float rowRed = 0;
          float rowGreen = 0;
          float rowBlue = 0;
          for (int j = 0; j < across.source.length; j++) {
            int pixel = line + across.source[j] * Picture.CHANNELS;
            float share = across.share[j];
            rowRed += (raw[pixel] & 0xff) * share;
            rowGreen += (raw[pixel + 1] & 0xff) * share;
            rowBlue += (raw[pixel + 2] & 0xff) * share;
          }
          red += rowRed * down.share[i];
          green += rowGreen * down.share[i];
          blue += rowBlue * down.share[i];
        }
        out[at++] = red * normal;
        out[at++] = green * normal;
        out[at++] = blue * normal;
      }
    }
    return out;
  }

  private static float scale(int before, int after) {
    return after > 1 ? (before - 1) / (float) (after - 1) : before / (float) after;
  }

  private static Span[] spans(int before, int after, float scale) {
    if (scale == 0) {
      // A single row or column has no distance between its corners; TensorFlow divides 0 by 0 here.
      throw new PictureException("resize: a picture one pixel wide or high has no area between its corners; expected at least"
          + " 2 pixels on each side, got " + before);
    }
    Span[] spans = new Span[after];
    for (int k = 0; k < after; k++) {
      float from = k * scale;
      float to = (k + 1) * scale;
      int first = (int) Math.floor(from);
      int end = (int) Math.ceil(to);
      int[] source = new int[end - first];
      float[] share = new float[end - first];
      for (int v = first; v < end; v++) {
        source[v - first] = Math.min(Math.max(v, 0), before - 1);
        share[v - first] = v < from ? (v + 1 > to ? scale : v + 1 - from) : (v + 1 > to ? to - v : 1f);
      }
      spans[k] = new Span(source, share);
    }
    return spans;
  }
}
