package dev.dalle.tensor.files;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Tells formats of files apart by their first bytes. */
final class TensorFormats {
  /** Bytes that tell all of them apart. */
  private static final int BEGINNING = 9;

  private TensorFormats() {}

  static TensorFile read(MappedFile file) throws IOException {
    byte[] first = file.bytes().asSlice(0, Math.min(BEGINNING, file.bytes().byteSize())).toArray(ValueLayout.JAVA_BYTE);
    if (first.length == BEGINNING && first[8] == '{') {
      return new SafetensorsFile(file);
    }
    throw new TensorFileException(file.path() + ": expected a safetensors file, found " + (first.length == 0 ? "no bytes"
        : "bytes " + HexFormat.ofDelimiter(" ").formatHex(first) + " at its beginning"));
  }
}
