package dev.dalle.trainer.stage;

import dev.dalle.dvae.CodebookUse;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How well pictures survive being turned into tokens. Peak signal-to-noise ratios are of the mean squared error over all values of all pictures, for a peak of
 * 1, in dB.
 *
 * @param pictures number measured
 * @param psnr of the reconstructions
 * @param meanColourPsnr of filling each picture with its own mean colour: what one colour a picture reaches
 * @param use how often each code was chosen, and the perplexity of that
 * @param originals some of the pictures
 * @param reconstructions the same, through their tokens
 */
public record DvaeQuality(int pictures, double psnr, double meanColourPsnr, CodebookUse use, List<Picture> originals, List<Picture> reconstructions) {
  /** Pictures on the host at a time. */
  private static final int CHUNK = 64;

  /**
   * Measures.
   *
   * @param tokens of a trained model
   * @param data where the pictures are
   * @param indices which, at least one
   * @param shown how many of them to keep for people to look at
   */
  public static DvaeQuality measure(Device device, ImageTokens tokens, int vocabulary, CaptionedPictures data, int[] indices, int side, int shown) {
    double squares = 0;
    double meanColourSquares = 0;
    long values = 0;
    CodebookUse use = CodebookUse.none(vocabulary);
    List<Picture> originals = new ArrayList<>();
    List<Picture> reconstructions = new ArrayList<>();
    for (int from = 0; from < indices.length; from += CHUNK) {
      int[] part = Arrays.copyOfRange(indices, from, Math.min(indices.length, from + CHUNK));
      float[] pixels = FittedPicture.floats(data, part, side);
      float[] again;
      try (Scope scope = device.newScope()) {
        Tensor ids = tokens.encode(scope, scope.of(pixels, part.length, side, side, Picture.CHANNELS));
        again = tokens.decode(scope, ids).toFloats();
        use = use.plus(ids.toInts());
      }
      for (int i = 0; i < pixels.length; i++) {
        double difference = again[i] - pixels[i];
        squares += difference * difference;
      }
      meanColourSquares += meanColourSquares(pixels, part.length);
      values += pixels.length;
      if (originals.size() < shown) {
        int take = Math.min(part.length, shown - originals.size());
        originals.addAll(PictureFloats.pictures(pixels, part.length, side, side).subList(0, take));
        reconstructions.addAll(PictureFloats.pictures(again, part.length, side, side).subList(0, take));
      }
    }
    return new DvaeQuality(indices.length, psnr(squares / values), psnr(meanColourSquares / values), use, originals,
        reconstructions);
  }

  /** What the reconstructions gain over one colour a picture, in dB. */
  public double gain() {
    return psnr - meanColourPsnr;
  }

  private static double psnr(double meanSquare) {
    return -10 * Math.log10(meanSquare);
  }

  /** Sum over pictures and channels of the squared deviations from the channel's mean. */
  private static double meanColourSquares(float[] pixels, int count) {
    int length = pixels.length / count;
    double total = 0;
    for (int n = 0; n < count; n++) {
      for (int channel = 0; channel < Picture.CHANNELS; channel++) {
        double sum = 0;
        double squares = 0;
        for (int i = channel; i < length; i += Picture.CHANNELS) {
          double value = pixels[n * length + i];
          sum += value;
          squares += value * value;
        }
        total += squares - sum * sum / (length / (double) Picture.CHANNELS);
      }
    }
    return total;
  }
}
