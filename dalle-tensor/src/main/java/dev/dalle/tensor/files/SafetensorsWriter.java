package dev.dalle.tensor.files;

import dev.dalle.tensor.Tensor;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Lays a file out and writes it, one piece of a tensor at a time. */
final class SafetensorsWriter {
  /** Bytes taken from the device at a time; a multiple of every element's size. */
  private static final long CHUNK_BYTES = 8 << 20;
  private static final int ALIGNMENT = 8;

  private final List<NamedTensor> tensors;
  private final byte[] header;
  private final long byteSize;

  SafetensorsWriter(List<NamedTensor> tensors, Map<String, String> metadata) {
    this.tensors = List.copyOf(tensors);
    checkNames();
    this.header = header(new TreeMap<>(metadata));
    if (header.length > SafetensorsHeader.MAX_LENGTH) {
      throw new IllegalArgumentException("tensors: expected names that fit into a header of " + SafetensorsHeader.MAX_LENGTH + " bytes, got "
          + header.length + " bytes for " + tensors.size() + " tensors");
    }
    this.byteSize = Long.BYTES + header.length + this.tensors.stream().mapToLong(named -> named.tensor().byteSize()).sum();
  }

  private void checkNames() {
    Set<String> names = new HashSet<>();
    for (NamedTensor named : tensors) {
      if (named.name().equals(SafetensorsHeader.METADATA)) {
        throw new IllegalArgumentException("tensors: the format keeps the name " + named.name() + " for itself");
      }
      checkText("tensors", named.name());
      if (!names.add(named.name())) {
        throw new IllegalArgumentException("tensors: expected every name once, got " + named.name() + " twice");
      }
    }
  }

  private static void checkText(String argument, String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(argument + ": expected text with whole surrogate pairs, got " + text);
    }
  }

  private byte[] header(Map<String, String> metadata) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectPropertyStart(SafetensorsHeader.METADATA);
        metadata.forEach((key, value) -> {
          checkText("metadata", key);
          checkText("metadata", value);
          json.writeStringProperty(key, value);
        });
        json.writeEndObject();
      }
      long begin = 0;
      for (NamedTensor named : tensors) {
        Tensor tensor = named.tensor();
        long end = begin + tensor.byteSize();
        json.writeObjectPropertyStart(named.name());
        json.writeStringProperty("dtype", tensor.dtype().name());
        writeNumbers(json, "shape", tensor.shape().toArray());
        writeNumbers(json, "data_offsets", begin, end);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    // Spaces to a multiple of eight: the data then begins aligned in a mapped file.
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    String padding = " ".repeat(-bytes.length & (ALIGNMENT - 1));
    return (text + padding).getBytes(StandardCharsets.UTF_8);
  }

  private static void writeNumbers(JsonGenerator json, String name, long... numbers) {
    json.writeArrayPropertyStart(name);
    for (long number : numbers) {
      json.writeNumber(number);
    }
    json.writeEndArray();
  }

  void write(Path path) throws IOException {
    write(path, FileChannel::write);
  }

  /** Takes some bytes of a buffer to a file; tests put a full disk here. */
  @FunctionalInterface
  interface Sink {
    int write(FileChannel channel, ByteBuffer bytes) throws IOException;
  }

  void write(Path path, Sink sink) throws IOException {
    WholeFile.replace(path, byteSize, channel -> {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length);
      drain(channel, length, sink);
      drain(channel, ByteBuffer.wrap(header), sink);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(CHUNK_BYTES, Long.BYTES);
        for (NamedTensor named : tensors) {
          writeElements(channel, named.tensor(), buffer, sink);
        }
      }
    });
  }

  private static void writeElements(FileChannel channel, Tensor tensor, MemorySegment buffer, Sink sink) throws IOException {
    Tensor row = tensor.reshape(tensor.elementCount());
    long chunk = CHUNK_BYTES / tensor.dtype().byteSize();
    for (long from = 0; from < tensor.elementCount(); from += chunk) {
      Tensor part = row.slice(from, Math.min(from + chunk, tensor.elementCount()));
      MemorySegment host = buffer.asSlice(0, part.byteSize());
      tensor.device().download(part, host);
      drain(channel, host.asByteBuffer(), sink);
    }
  }

  private static void drain(FileChannel channel, ByteBuffer bytes, Sink sink) throws IOException {
    while (bytes.hasRemaining()) {
      sink.write(channel, bytes);
    }
  }
}
