package dev.dalle.tensor.files;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A safetensors file: eight bytes of header length, a JSON header, the bytes of all tensors.
 *
 * <p>Format: as the safetensors project describes it, with its limits: a header of at most 100,000,000 bytes that begins with a brace and may end
 * in spaces, names that occur once, data without holes. Element types other than those of {@link StoredType} are refused.
 */
public final class SafetensorsFile implements TensorFile {
  private static final int LENGTH_BYTES = 8;
  private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MappedFile file;
  private final Map<String, TensorEntry> entries;
  private final Map<String, String> metadata;

  SafetensorsFile(MappedFile file) throws TensorFileException {
    this.file = file;
    Path path = file.path();
    MemorySegment bytes = file.bytes();
    if (bytes.byteSize() < LENGTH_BYTES) {
      throw new TensorFileException(path + ": expected at least " + LENGTH_BYTES + " bytes of a safetensors file, found " + bytes.byteSize());
    }
    String headerText = headerText(path, bytes);
    long dataStart = LENGTH_BYTES + bytes.get(LENGTH, 0);
    SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), headerText, bytes.byteSize() - dataStart);
    Map<String, TensorEntry> found = new LinkedHashMap<>();
    header.fields().forEach((name, field) -> found.put(name, new TensorEntry(path, name, field.type(), field.shape(),
        Strides.rowMajor(field.shape()), bytes.asSlice(dataStart + field.begin(), field.end() - field.begin()))));
    this.entries = Collections.unmodifiableMap(found);
    this.metadata = Collections.unmodifiableMap(header.metadata());
  }

  /**
   * Maps a file and checks its header.
   *
   * @throws TensorFileException if it is damaged or of another format
   * @throws IOException if it cannot be read
   */
  public static SafetensorsFile open(Path path) throws IOException {
    return MappedFile.open(path, SafetensorsFile::new);
  }

  private static String headerText(Path path, MemorySegment bytes) throws TensorFileException {
    long length = bytes.get(LENGTH, 0);
    long rest = bytes.byteSize() - LENGTH_BYTES;
    if (length < 0 || length > SafetensorsHeader.MAX_LENGTH) {
      throw new TensorFileException(path + ": expected a header of at most " + SafetensorsHeader.MAX_LENGTH + " bytes, found a length of "
          + Long.toUnsignedString(length) + "; this is not a safetensors file, or it is damaged");
    }
    if (length > rest) {
      throw new TensorFileException(path + ": expected a header of " + length + " bytes, found only " + rest + "; the file is cut short");
    }
    ByteBuffer header = bytes.asSlice(LENGTH_BYTES, length).asByteBuffer();
    if (length == 0 || header.get(0) != '{') {
      throw new TensorFileException(path + ": expected a header that begins with '{', found "
          + (length == 0 ? "an empty one" : "byte " + (header.get(0) & 0xFF)));
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
    } catch (CharacterCodingException e) {
      throw new TensorFileException(path + ": header: expected UTF-8, found bytes that are not", e);
    }
    int end = text.length();
    while (text.charAt(end - 1) == ' ') {
      end--;
    }
    if (text.charAt(end - 1) != '}') {
      throw new TensorFileException(path + ": expected a header that ends with '}' and spaces, found character "
          + (int) text.charAt(end - 1) + " at its end");
    }
    return text.substring(0, end);
  }

  @Override
  public Path path() {
    return file.path();
  }

  /** The texts that came with the tensors, by key. */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public Collection<TensorEntry> entries() {
    return entries.values();
  }

  @Override
  public Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  @Override
  public void close() {
    file.close();
  }
}
