package dev.dalle.bindings.onednn;

/**
 * How a window moves over an image, for convolution and pooling.
 *
 * @param kernelH window height
 * @param kernelW window width
 * @param strideH rows from one window to the next
 * @param strideW columns from one window to the next
 * @param padTop rows of zeros above
 * @param padLeft columns of zeros on the left
 * @param padBottom rows of zeros below
 * @param padRight columns of zeros on the right
 * @param dilationH rows from one element of the window to the next, 1 for a dense window
 * @param dilationW columns from one element of the window to the next, 1 for a dense window
 */
public record Window(int kernelH, int kernelW, int strideH, int strideW, int padTop, int padLeft, int padBottom, int padRight,
    int dilationH, int dilationW) {
  public Window {
    if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1) {
      throw new IllegalArgumentException("kernel, stride, dilation: expected at least 1, got " + kernelH + "x" + kernelW + ", "
          + strideH + "x" + strideW + ", " + dilationH + "x" + dilationW);
    }
    if (padTop < 0 || padLeft < 0 || padBottom < 0 || padRight < 0) {
      throw new IllegalArgumentException("padding: expected no negative number, got top " + padTop + ", left " + padLeft
          + ", bottom " + padBottom + ", right " + padRight);
    }
  }

  /** A dense square window with the same stride and padding everywhere. */
  public static Window square(int kernel, int stride, int padding) {
    return new Window(kernel, kernel, stride, stride, padding, padding, padding, padding, 1, 1);
  }

  /** An odd square window, stride 1, padded so that the image keeps its size. */
  public static Window same(int kernel) {
    if (kernel % 2 == 0) {
      throw new IllegalArgumentException("kernel: expected an odd number, got " + kernel);
    }
    return square(kernel, 1, kernel / 2);
  }

  /** Height of the result for an image of this height. */
  public long outputH(long inputH) {
    return (inputH + padTop + padBottom - ((kernelH - 1L) * dilationH + 1)) / strideH + 1;
  }

  /** Width of the result for an image of this width. */
  public long outputW(long inputW) {
    return (inputW + padLeft + padRight - ((kernelW - 1L) * dilationW + 1)) / strideW + 1;
  }
}
