package dev.dalle.tensor.files;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A safetensors file, mapped into memory for reading: eight bytes of header length, a JSON header, the bytes of all tensors. Opening checks
 * everything but the values. Closing it makes the entries' bytes unreachable; nobody may shorten the file before. Any thread.
 *
 * <p>Format: as the safetensors project describes it, with its limits: a header of at most 100,000,000 bytes that begins with a brace and may end
 * in spaces, names that occur once, data without holes. Element types other than those of {@link StoredType} are refused.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final int LENGTH_BYTES = 8;
  private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final Arena arena;
  private final Map<String, TensorEntry> entries;
  private final Map<String, String> metadata;

  private SafetensorsFile(Path path, Arena arena) throws IOException {
    this.path = path;
    this.arena = arena;
    MemorySegment bytes = map(path, arena);
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
    // Shared: a file is often opened by one thread and read by the one that posts to the device.
    Arena arena = Arena.ofShared();
    try {
      return new SafetensorsFile(path, arena);
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  private static MemorySegment map(Path path, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < LENGTH_BYTES) {
        throw new TensorFileException(path + ": expected at least " + LENGTH_BYTES + " bytes of a safetensors file, found " + size);
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    }
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

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** The texts that came with the tensors, by key. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors, in the order of the header. */
  public Collection<TensorEntry> entries() {
    return entries.values();
  }

  /** The tensor of that name, if there is one. */
  public Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * The tensor of that name.
   *
   * @throws TensorFileException if there is none
   */
  public TensorEntry get(String name) throws TensorFileException {
    return find(name).orElseThrow(() -> new TensorFileException(path + ": expected a tensor " + name + ", found none of that name among "
        + entries.size()));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
