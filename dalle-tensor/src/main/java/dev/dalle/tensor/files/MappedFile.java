package dev.dalle.tensor.files;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of a file and the arena that keeps them within reach.
 *
 * @param path for messages
 * @param arena closed by whom the file is given to; also holds what has to be unpacked
 * @param bytes read-only
 */
record MappedFile(Path path, Arena arena, MemorySegment bytes) {
  /** Makes something of a mapped file. */
  @FunctionalInterface
  interface Opening<T> {
    T open(MappedFile file) throws IOException;
  }

  /** Maps a file; if nothing can be made of it, it is closed again. */
  static <T> T open(Path path, Opening<T> opening) throws IOException {
    // Shared: a file is often opened by one thread and read by the one that posts to the device.
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return opening.open(new MappedFile(path, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena)));
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
