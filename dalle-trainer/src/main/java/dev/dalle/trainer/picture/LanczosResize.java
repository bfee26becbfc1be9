package dev.dalle.trainer.picture;

/**
 * Resizing with a Lanczos window of three lobes, stretched when shrinking, first across and then down, each pass rounded to
 * 8 bits from fixed-point sums of 22 fractional bits. These are the rules of Pillow up to version 11, so
 * a picture prepared here is the picture that the published preprocessing saw; later versions sometimes go down first.
 */
final class LanczosResize {
  private static final int LOBES = 3;

  /** Fractional bits of a weight: 32 bits less the 8 of a colour and 2 for overshoot. */
  private static final int FRACTION = 22;

  private LanczosResize() {}

  private record Weights(int[] first, int[][] weight) {}

  static Picture resize(Picture picture, int rows, int columns) {
    Picture across = columns == picture.width() ? picture : horizontally(picture, columns);
    return rows == picture.height() ? across : vertically(across, rows);
  }

  private static Picture horizontally(Picture picture, int columns) {
    Weights weights = weights(picture.width(), columns);
    byte[] raw = picture.raw();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(picture.height(), columns), Picture.CHANNELS)];
    int at = 0;
    for (int r = 0; r < picture.height(); r++) {
      for (int c = 0; c < columns; c++) {
        int from = (r * picture.width() + weights.first[c]) * Picture.CHANNELS;
        at = sum(raw, from, Picture.CHANNELS, weights.weight[c], out, at);
      }
    }
    return Picture.owning(picture.height(), columns, out);
  }

  private static Picture vertically(Picture picture, int rows) {
    Weights weights = weights(picture.height(), rows);
    byte[] raw = picture.raw();
    int stride = picture.width() * Picture.CHANNELS;
    byte[] out = new byte[Math.multiplyExact(rows, stride)];
    int at = 0;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < picture.width(); c++) {
        int from = weights.first[r] * stride + c * Picture.CHANNELS;
        at = sum(raw, from, stride, weights.weight[r], out, at);
      }
    }
    return Picture.owning(rows, picture.width(), out);
  }

  /** One pixel: the weighted sum along {@code step}, rounded and clipped; returns where the next pixel goes. */
  private static int sum(byte[] raw, int from, int step, int[] weight, byte[] out, int at) {
    int red = 1 << (FRACTION - 1);
    int green = red;
    int blue = red;
    int pixel = from;
    for (int w : weight) {
      red += (raw[pixel] & 0xff) * w;
      green += (raw[pixel + 1] & 0xff) * w;
      blue += (raw[pixel + 2] & 0xff) * w;
      pixel += step;
    }
    out[at] = clip(red);
    out[at + 1] = clip(green);
    out[at + 2] = clip(blue);
    return at + Picture.CHANNELS;
  }

  private static byte clip(int sum) {
    return (byte) Math.clamp(sum >> FRACTION, 0, 255);
  }

  private static Weights weights(int before, int after) {
    double scale = (double) before / after;
    double stretch = Math.max(scale, 1);
    double support = LOBES * stretch;
    int[] first = new int[after];
    int[][] weight = new int[after][];
    for (int k = 0; k < after; k++) {
      double centre = (k + 0.5) * scale;
      int start = Math.max((int) (centre - support + 0.5), 0);
      int end = Math.min((int) (centre + support + 0.5), before);
      double[] window = new double[end - start];
      double total = 0;
      for (int x = 0; x < window.length; x++) {
        window[x] = lanczos((x + start - centre + 0.5) / stretch);
        total += window[x];
      }
      first[k] = start;
      weight[k] = new int[window.length];
      for (int x = 0; x < window.length; x++) {
        double fixed = window[x] / total * (1 << FRACTION);
        weight[k][x] = (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
      }
    }
    return new Weights(first, weight);
  }

  private static double lanczos(double x) {
    return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  }
}
