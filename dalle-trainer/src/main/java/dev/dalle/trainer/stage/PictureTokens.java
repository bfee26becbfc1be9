package dev.dalle.trainer.stage;

import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.progress.Progress;
import java.util.Arrays;

/** Turns the pictures of a data set into tokens once, before the transformer is trained on them. */
final class PictureTokens {
  /** Pictures on the host at a time. */
  private static final int CHUNK = 64;

  private PictureTokens() {}

  /**
   * Tokens of pictures.
   *
   * @param indices which, in this order
   * @return {@code [indices.length][grid * grid]}
   */
  static int[][] encode(String stage, Device device, ImageTokens tokens, CaptionedPictures data, int[] indices, int side, Progress progress) {
    int[][] result = new int[indices.length][];
    try (Progress.Stage shown = progress.stage(stage, indices.length)) {
      for (int from = 0; from < indices.length; from += CHUNK) {
        int[] part = Arrays.copyOfRange(indices, from, Math.min(indices.length, from + CHUNK));
        float[] pixels = FittedPicture.floats(data, part, side);
        int[] ids;
        try (Scope scope = device.newScope()) {
          ids = tokens.encode(scope, scope.of(pixels, part.length, side, side, Picture.CHANNELS)).toInts();
        }
        int length = ids.length / part.length;
        for (int i = 0; i < part.length; i++) {
          result[from + i] = Arrays.copyOfRange(ids, i * length, (i + 1) * length);
        }
        shown.step(from + part.length, part.length);
      }
    }
    return result;
  }
}
