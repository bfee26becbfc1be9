package dev.dalle.trainer.picture;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads PNG, JPEG, WebP and GIF, of animations the first frame; writes PNG. Transparent pictures come out on white, and so does what the first frame of an
 * animation leaves uncovered; grey, palette, CMYK and 16-bit ones come out as 8-bit RGB, all of them upright by their EXIF orientation. Values stay as they
 * are stored: colour profiles and gamma are not applied, inks become colours by {@code (255 - ink) (255 - black) / 255}, as Pillow and thus the published
 * preprocessing have it. A file that ends early is an error, not a picture with a grey lower half. A size that is too large, or larger than so short a
 * file can hold, is refused before memory is taken for it.
 */
public final class PictureFiles {
  private PictureFiles() {}

  /** Width and height as a file's header gives them, of an animation's canvas if it is one, before any turning by EXIF. */
  public record Size(int width, int height) {}

  /**
   * Reads a picture file.
   *
   * @param file PNG, JPEG, WebP or GIF
   * @throws PictureException if the file is missing, empty, no picture, of an unknown format, too large, or ends early
   */
  public static Picture read(Path file) {
    return read(bytes(file), file.toString());
  }

  /**
   * Reads a picture from the bytes of a file.
   *
   * @param file the whole file
   * @param name what to call it in an error message
   * @throws PictureException as {@link #read(Path)}
   */
  public static Picture read(byte[] file, String name) {
    PictureFormat format = format(file, name);
    List<String> warnings = new ArrayList<>();
    Picture picture = withReader(file, name, format, reader -> {
      Canvas canvas = canvas(reader, format, file);
      SizeLimit.check(canvas, format, file.length, name);
      checkLayout(format, file, canvas, name);
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      BufferedImage image = reader.read(0, asStored(reader));
      if (format == PictureFormat.PNG) {
        PngLayout.hide(image, file);
      }
      return canvas.with(Pixels.onWhite(image));
    });
    Truncation.check(format, file, name, warnings);
    return ExifOrientation.of(format, file).upright(picture);
  }

  /**
   * The size of a picture, from its header alone.
   *
   * @param file PNG, JPEG, WebP or GIF
   * @throws PictureException if the file is missing, empty, no picture or of an unknown format
   */
  public static Size size(Path file) {
    return size(bytes(file), file.toString());
  }

  /**
   * The size of a picture, from its header alone.
   *
   * @param file the file, or enough of its beginning to hold the header
   * @param name what to call it in an error message
   * @throws PictureException if it is empty, no picture or of an unknown format
   */
  public static Size size(byte[] file, String name) {
    PictureFormat format = format(file, name);
    Canvas canvas = withReader(file, name, format, reader -> canvas(reader, format, file));
    return new Size(canvas.width(), canvas.height());
  }

  private static Canvas canvas(ImageReader reader, PictureFormat format, byte[] file) throws IOException {
    return Canvas.of(format, file, reader.getWidth(0), reader.getHeight(0));
  }

  private static void checkLayout(PictureFormat format, byte[] file, Canvas canvas, String name) {
    switch (format) {
      case WEBP -> WebpLayout.of(file).check(file, canvas, name);
      case GIF -> {
        if (!GifLayout.of(file).hasColours(file)) {
          throw new PictureException(name + ": is a GIF file that has no colour table, so its colours are unknown; export it again, or leave it out");
        }
      }
      case PNG, JPEG -> {
        // Their decoders notice what is wrong.
      }
    }
  }

  /** Asks for the colour space of the file where a profile gives it one of its own: the decoder would convert it to sRGB otherwise. */
  private static ImageReadParam asStored(ImageReader reader) throws IOException {
    ImageReadParam param = reader.getDefaultReadParam();
    ImageTypeSpecifier raw = reader.getRawImageType(0);
    if (raw != null && raw.getColorModel().getColorSpace() instanceof ICC_ColorSpace space && !space.isCS_sRGB()
        && (space.getType() == ColorSpace.TYPE_RGB || space.getType() == ColorSpace.TYPE_CMYK)) {
      param.setDestinationType(raw);
    }
    return param;
  }

  /**
   * Writes a PNG file, first under another name, so that a reader never sees half of it.
   *
   * @param picture what to write
   * @param file where; folders that are missing are made
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void writePng(Picture picture, Path file) {
    writePng(picture, Map.of(), file);
  }

  /**
   * Writes a PNG file that says something about itself, first under another name, so that a reader never sees half of it.
   *
   * @param picture what to write
   * @param texts by key, stored in their order: keys of 1 to 79 printable characters of Latin-1, texts of any characters, up to a million bytes in UTF-8
   * @param file where; folders that are missing are made
   * @throws IllegalArgumentException if a key or a text cannot be stored; nothing was written
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void writePng(Picture picture, Map<String, String> texts, Path file) {
    byte[] bytes = PngText.with(texts, png(picture));
    Path target = file.toAbsolutePath();
    try {
      Files.createDirectories(target.getParent());
      // Not createTempFile, which would make a file that only its owner may read.
      Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
      try {
        Files.write(temporary, bytes);
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the picture " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The texts of a PNG file by key, in their order; of several with one key the first. Texts that are compressed or longer than a million bytes are
   * left out: a file from anywhere can be asked.
   *
   * @throws PictureException if the file is missing, no PNG file, or damaged
   */
  public static Map<String, String> pngTexts(Path file) {
    return PngText.of(bytes(file), file.toString());
  }

  /**
   * The bytes of a PNG file.
   *
   * @param picture what to encode
   */
  public static byte[] png(Picture picture) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(Pixels.toImage(picture), "png", out)) {
        throw new IllegalStateException("this Java runtime has no PNG writer; use a full JDK");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode a PNG in memory", e);
    }
    return out.toByteArray();
  }

  private static byte[] bytes(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new PictureException(file + ": " + (Files.exists(file) ? "is not a file" : "does not exist")
          + "; check the path, or the list that names it");
    }
    try {
      SizeLimit.checkFile(Files.size(file), file.toString());
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new PictureException(file + ": cannot be read (" + e.getMessage() + "); check its permissions", e);
    }
  }

  private static PictureFormat format(byte[] file, String name) {
    Optional<PictureFormat> format = PictureFormat.of(file);
    if (format.isEmpty() && PictureFormat.other(file).isPresent()) {
      throw new PictureException(name + ": is a picture of the format " + PictureFormat.other(file).get() + ", which is not read; save it as PNG, JPEG, WebP or GIF,"
          + " or leave it out");
    }
    return format.orElseThrow(() -> new PictureException(name + ": is not a picture, it is " + PictureFormat.describe(file)
        + "; expected PNG, JPEG, WebP or GIF. Download or export it again, or leave it out"));
  }

  private interface Reading<T> {
    T apply(ImageReader reader) throws IOException;
  }

  private static <T> T withReader(byte[] file, String name, PictureFormat format, Reading<T> reading) {
    ImageReader reader = reader(format);
    try (ImageInputStream in = format == PictureFormat.WEBP ? new WebpStream(WebpLayout.withoutProfile(file))
        : new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(in, true, true);
      return reading.apply(reader);
    } catch (PictureException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Decoders fed with damaged bytes fail in every way there is; to the caller it is one thing.
      throw new PictureException(name + ": is a damaged, truncated or unusual " + format + " file of " + file.length + " bytes ("
          + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
          + "); download or export it again, or leave it out", e);
    } finally {
      reader.dispose();
    }
  }

  /** TwelveMonkeys' reader where there is one: the JDK's own JPEG reader refuses CMYK. */
  private static ImageReader reader(PictureFormat format) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.readerName());
    ImageReader chosen = null;
    while (readers.hasNext()) {
      ImageReader candidate = readers.next();
      boolean better = candidate.getClass().getName().startsWith("com.twelvemonkeys.");
      if (chosen == null || better) {
        chosen = candidate;
      }
    }
    if (chosen == null) {
      throw new IllegalStateException("no reader for " + format + " pictures is installed; the imageio-webp and imageio-jpeg"
          + " libraries of TwelveMonkeys must be on the module path beside this module");
    }
    return chosen;
  }
}
