package dev.dalle.bindings.internal.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * Unpacked library files, each in a folder named after its content (CRC-32 and length, which the jar's directory already
 * holds, so that no start has to unpack a hundred megabytes to find out that nothing changed).
 *
 * <p>A file appears under its final name by one rename of a finished, synced copy: several processes may unpack at once, and
 * the last one replaces the first one's file by an equal one, which running processes do not notice. An existing file is
 * read and compared before use; a truncated or damaged one is replaced.
 */
final class LibraryCache {
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path folder;

  LibraryCache(Path folder) {
    this.folder = folder;
  }

  /** The unpacked copy of a resource, made if necessary. */
  Path unpack(URL resource, String fileName) throws IOException {
    Fingerprint wanted = Fingerprint.of(resource);
    Path home = folder.resolve(String.format("%s-%08x-%d", fileName, wanted.crc(), wanted.length()));
    Path file = home.resolve(fileName).toAbsolutePath();
    if (Files.isRegularFile(file) && Files.size(file) == wanted.length() && Fingerprint.of(file.toUri().toURL()).equals(wanted)) {
      return file;
    }
    Files.createDirectories(home);
    removeAbandoned(home);
    // Not createTempFile, whose files only their owner can read: several people may share a cache.
    Path copy = home.resolve(fileName + "." + UUID.randomUUID() + ".part");
    try {
      try (InputStream in = open(resource); FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        in.transferTo(Channels.newOutputStream(channel));
        channel.force(true);                         // a rename must not become visible before the bytes
      }
      Fingerprint written = Fingerprint.of(copy.toUri().toURL());
      if (!written.equals(wanted)) {
        throw new IOException("unpacked " + resource + " as " + written + ", expected " + wanted);
      }
      Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(copy);
    }
    return file;
  }

  /** Copies of processes that were killed while unpacking. */
  private static void removeAbandoned(Path home) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(home, "*.part")) {
      for (Path part : parts) {
        try {
          if (Files.getLastModifiedTime(part).compareTo(limit) < 0) {
            Files.deleteIfExists(part);
          }
        } catch (NoSuchFileException e) {
          continue;                                  // another process finished it meanwhile
        }
      }
    }
  }

  private static InputStream open(URL resource) throws IOException {
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }

  /** What tells one content from another. */
  record Fingerprint(long crc, long length) {
    static Fingerprint of(URL resource) throws IOException {
      URLConnection connection = resource.openConnection();
      if (connection instanceof JarURLConnection jar) {
        jar.setUseCaches(false);
        try (var file = jar.getJarFile()) {
          var entry = file.getJarEntry(jar.getEntryName());
          if (entry != null && entry.getCrc() >= 0 && entry.getSize() >= 0) {
            return new Fingerprint(entry.getCrc(), entry.getSize());
          }
        }
      }
      CRC32 crc = new CRC32();
      long length = 0;
      byte[] buffer = new byte[1 << 18];
      try (InputStream in = open(resource)) {
        for (int n; (n = in.read(buffer)) > 0; length += n) {
          crc.update(buffer, 0, n);
        }
      }
      return new Fingerprint(crc.getValue(), length);
    }
  }
}
