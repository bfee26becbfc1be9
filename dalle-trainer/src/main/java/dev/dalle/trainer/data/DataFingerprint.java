package dev.dalle.trainer.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Tells data sets apart by what can be read at once: ids, captions, their order, and what is held out. The bytes of the pictures are not looked at. */
public final class DataFingerprint {
  private DataFingerprint() {}

  /**
   * SHA-256 of the number of training examples and the ids and captions of first these, then those held out, each in UTF-8 and closed by a zero byte.
   *
   * @param split that of the data
   * @return 64 hexadecimal digits, lower case
   */
  public static String of(CaptionedPictures data, Split split) {
    MessageDigest digest = StableHash.sha256();
    int[] training = split.training();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(training.length).flip());
    for (int[] part : new int[][] {training, split.heldOut()}) {
      for (int index : part) {
        CaptionedPictures.Example example = data.example(index);
        for (String text : new String[] {example.id(), example.caption()}) {
          digest.update(text.getBytes(StandardCharsets.UTF_8));
          digest.update((byte) 0);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
