package dev.dalle.tensor.files;

import dev.dalle.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Takes bytes, and the elements of tensors one piece at a time, to a file. Owns the memory of a piece. One thread. */
final class TensorOutput implements AutoCloseable {
  /** Bytes taken from the device at a time; a multiple of every element's size. */
  private static final long CHUNK_BYTES = 8 << 20;

  /** Takes some bytes of a buffer to a file; tests put a full disk here. */
  @FunctionalInterface
  interface Sink {
    int write(FileChannel channel, ByteBuffer bytes) throws IOException;
  }

  private final FileChannel channel;
  private final Sink sink;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(CHUNK_BYTES, Long.BYTES);

  TensorOutput(FileChannel channel, Sink sink) {
    this.channel = channel;
    this.sink = sink;
  }

  /**
   * Checks the names of tensors of one file.
   *
   * @throws IllegalArgumentException if one occurs twice or is no text that UTF-8 can express
   */
  static void checkNames(List<OutputTensor> tensors) {
    Set<String> names = new HashSet<>();
    for (OutputTensor named : tensors) {
      checkText("tensors", named.name());
      if (!names.add(named.name())) {
        throw new IllegalArgumentException("tensors: expected every name once, got " + named.name() + " twice");
      }
    }
  }

  static void checkText(String argument, String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(argument + ": expected text with whole surrogate pairs, got " + text);
    }
  }

  void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      sink.write(channel, bytes);
    }
  }

  /** Writes elements in row-major order, little-endian. Waits for the device. */
  void write(Tensor tensor) throws IOException {
    Tensor row = tensor.reshape(tensor.elementCount());
    long chunk = CHUNK_BYTES / tensor.dtype().byteSize();
    for (long from = 0; from < tensor.elementCount(); from += chunk) {
      Tensor part = row.slice(from, Math.min(from + chunk, tensor.elementCount()));
      MemorySegment host = buffer.asSlice(0, part.byteSize());
      tensor.device().download(part, host);
      write(host.asByteBuffer());
    }
  }

  /** Writes the elements of a tensor of another file in row-major order, as they are. */
  void write(TensorEntry entry) throws IOException {
    int elementBytes = entry.type().byteSize();
    long chunk = CHUNK_BYTES / elementBytes;
    StridedElements elements = new StridedElements(entry.data(), elementBytes, entry.shape(), entry.strides());
    for (long from = 0; from < entry.shape().elementCount(); from += chunk) {
      MemorySegment host = buffer.asSlice(0, Math.min(chunk, entry.shape().elementCount() - from) * elementBytes);
      elements.copy(from, host);
      write(host.asByteBuffer());
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
