package dev.dalle.trainer.data;

import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.DocumentLimits;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.renderer.NullPlatformSupport;
import com.github.weisj.jsvg.view.ViewBox;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Draws SVG bodies on white squares, anti-aliased. One thread at a time; make one a thread. */
final class DrawingRenderer {
  /** Part of the name of every rendered cache: raise it when the same drawing would come out otherwise. */
  static final int VERSION = 1;

  /** Deep enough for every drawing of the artifact: three flags have up to 5,300 paths, the library's own limit is 2,000. */
  private static final DocumentLimits LIMITS = new DocumentLimits(
      DocumentLimits.DEFAULT_MAX_NESTING_DEPTH, DocumentLimits.DEFAULT_MAX_USE_NESTING_DEPTH, 50_000);

  /**
   * How many times larger drawings with filters are drawn before they are averaged down: a filter works on whole pixels and
   * leaves the edges of its shape hard, which shows at small sides. Three looks no better and takes almost twice the time.
   */
  private static final int FINENESS = 2;

  private final LoaderContext context = LoaderContext.builder().documentLimits(LIMITS).build();
  private final SVGLoader loader = new SVGLoader();
  private final int side;
  private final BufferedImage plain;
  private final BufferedImage fine;

  DrawingRenderer(int side) {
    this.side = side;
    this.plain = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    this.fine = new BufferedImage(side * FINENESS, side * FINENESS, BufferedImage.TYPE_INT_RGB);
  }

  /**
   * Draws one icon.
   *
   * @param body what stands inside the svg element
   * @param box the part of the drawing's plane to show, in the middle of the square if it is not square
   * @param turn of the whole
   * @return {@code [side, side, 3]}
   * @throws DrawingException if there is nothing to see or the drawing cannot be understood
   */
  byte[] draw(String body, EmojiSet.Box box, EmojiSet.Turn turn) throws DrawingException {
    BufferedImage image = body.contains("<filter") ? fine : plain;
    int pixels = image.getWidth();
    try {
      byte[] source = document(body, box, turn, pixels).getBytes(StandardCharsets.UTF_8);
      SVGDocument document = loader.load(new ByteArrayInputStream(source), null, context);
      if (document == null) {
        throw new DrawingException("is not well-formed SVG");
      }
      Graphics2D graphics = image.createGraphics();
      try {
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, pixels, pixels);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setRenderingHint(RenderingHints.KEY_RENDERING, RenderingHints.VALUE_RENDER_QUALITY);
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        document.renderWithPlatform(NullPlatformSupport.INSTANCE, graphics, new ViewBox(0, 0, pixels, pixels));
      } finally {
        graphics.dispose();
      }
    } catch (RuntimeException e) {
      // A drawing that the library trips over must not cost the others; the caller counts and names it.
      throw new DrawingException("cannot be drawn (" + e + ")", e);
    }
    return averaged(image);
  }

  private byte[] averaged(BufferedImage image) throws DrawingException {
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    int width = image.getWidth();
    int step = width / side;
    int area = step * step;
    byte[] rgb = new byte[EmojiCache.pictureBytes(side)];
    int all = 0xffffff;
    int at = 0;
    for (int r = 0; r < width; r += step) {
      for (int c = 0; c < width; c += step) {
        int red = area / 2;
        int green = red;
        int blue = red;
        for (int i = 0; i < area; i++) {
          int pixel = pixels[(r + i / step) * width + c + i % step];
          all &= pixel;
          red += pixel >> 16 & 0xff;
          green += pixel >> 8 & 0xff;
          blue += pixel & 0xff;
        }
        rgb[at++] = (byte) (red / area);
        rgb[at++] = (byte) (green / area);
        rgb[at++] = (byte) (blue / area);
      }
    }
    if ((all & 0xffffff) == 0xffffff) {
      throw new DrawingException("comes out white all over");
    }
    return rgb;
  }

  private static String document(String body, EmojiSet.Box box, EmojiSet.Turn turn, int pixels) {
    String inner = turn.equals(EmojiSet.Turn.NONE) ? body : "<g transform=\"" + transform(box, turn) + "\">" + body + "</g>";
    return String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
        + "width=\"%d\" height=\"%d\" viewBox=\"%s %s %s %s\">", pixels, pixels, box.left(), box.top(), box.width(), box.height())
        + inner + "</svg>";
  }

  /** Mirrors, then turns, both about the middle of the box. */
  private static String transform(EmojiSet.Box box, EmojiSet.Turn turn) {
    double x = box.left() + box.width() / 2;
    double y = box.top() + box.height() / 2;
    return String.format(Locale.ROOT, "translate(%s %s) rotate(%d) scale(%d %d) translate(%s %s)", x, y, 90 * turn.quarters(),
        turn.mirrored() ? -1 : 1, turn.upended() ? -1 : 1, -x, -y);
  }

  /** Why one drawing is missing. */
  static final class DrawingException extends Exception {
    private static final long serialVersionUID = 1L;

    DrawingException(String message) {
      super(message);
    }

    DrawingException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
