package dev.dalle.tensor.files;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Tells formats of files apart by their first bytes. */
final class TensorFormats {
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] TAR = "ustar".getBytes(StandardCharsets.US_ASCII);
  private static final int TAR_AT = 257;

  private TensorFormats() {}

  static TensorFile read(MappedFile file) throws TensorFileException {
    byte[] first = file.bytes().asSlice(0, Math.min(TAR_AT + TAR.length, file.bytes().byteSize())).toArray(ValueLayout.JAVA_BYTE);
    // The brace first: the length before it may look like anything.
    if (first.length > 8 && first[8] == '{') {
      return new SafetensorsFile(file);
    }
    if (startsAt(first, 0, ZIP)) {
      return TorchFile.archive(file);
    }
    // A pickle: its protocol, or in the protocols before 2 at once the magic number in digits.
    if (first.length > 1 && (first[0] == (byte) 0x80 && first[1] >= 2 && first[1] <= PickleMachine.MAX_PROTOCOL || first[0] == 'L' && first[1] == '1')) {
      return TorchStream.read(file);
    }
    throw new TensorFileException(file.path() + ": expected a file of safetensors or of torch.save, found " + (first.length == 0 ? "no bytes"
        : startsAt(first, TAR_AT, TAR) ? "a tar archive; if it is of the first form that PyTorch had, load it there and save it once more"
        : "bytes " + HexFormat.ofDelimiter(" ").formatHex(first, 0, Math.min(8, first.length)) + " at its beginning"));
  }

  private static boolean startsAt(byte[] bytes, int at, byte[] expected) {
    return bytes.length >= at + expected.length && Arrays.equals(bytes, at, at + expected.length, expected, 0, expected.length);
  }
}
