package dev.dalle.trainer.files;

import dev.dalle.tensor.files.DiskFullException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files that change as a whole: the content goes to a temporary name in the same folder, is forced to the disk, and then takes
 * the place of the old file by a rename. Whatever stops the program, the target holds the old content or the new one.
 *
 * <p>A killed run leaves its temporary file; the next write to the same target, or {@link #removeLeftovers}, removes it. Several
 * processes may write to the same target; the last rename wins. All methods may be called from any thread.
 */
public final class AtomicFiles {

  /** {@code .name.PID-random.tmp}: the process number says whether somebody may still be writing it. */
  private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.(\\d{1,18})-[0-9a-f]{8}\\.tmp");

  private static final Pattern NO_ROOM = Pattern.compile("No space left on device|Disk quota exceeded|not enough space", Pattern.CASE_INSENSITIVE);

  private AtomicFiles() {}

  /** Writes the content of a file to a stream, which it need not close. */
  @FunctionalInterface
  public interface StreamBody {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes a whole file at the path it is given. */
  @FunctionalInterface
  public interface PathBody {
    void writeTo(Path temporary) throws IOException;
  }

  /**
   * Replaces a file by what {@code body} writes to a buffered stream. Missing folders are made.
   *
   * @throws DiskFullException if there is no room; the old file is still there
   * @throws IOException if the writing fails for another reason; the old file is still there
   */
  public static void write(Path target, StreamBody body) throws IOException {
    replace(
        target,
        temporary -> {
          try (OutputStream out =
              new BufferedOutputStream(
                  Channels.newOutputStream(FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE)), 1 << 16)) {
            body.writeTo(out);
          }
        });
  }

  /** Replaces a file by a text in UTF-8, see {@link #write}. */
  public static void writeString(Path target, String text) throws IOException {
    write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Replaces a file by one that {@code body} writes itself, for writers that take a path.
   *
   * @throws DiskFullException if there is no room; the old file is still there
   * @throws IOException if the writing fails for another reason; the old file is still there
   */
  public static void replace(Path target, PathBody body) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(target + ": expected a file in a folder, got the root of the file system");
    }
    String name = target.getFileName().toString();
    Path temporary =
        folder.resolve("." + name + "." + ProcessHandle.current().pid() + "-" + UUID.randomUUID().toString().substring(0, 8) + ".tmp");
    try {
      Files.createDirectories(folder);
      removeLeftovers(folder, "." + name + ".");
      body.writeTo(temporary);
      // A rename that reaches the disk before the content would leave an empty file after a power cut.
      force(temporary);
      move(temporary, target);
      forceFolder(folder);
    } catch (IOException | RuntimeException | Error e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      if (isNoRoom(e)) {
        throw new DiskFullException(
            "no room on the disk while saving "
                + target
                + " ("
                + (usableBytes(folder) >> 20)
                + " MB free); the file is as it was before. Free some space, or choose another folder, and run the same command again",
            e);
      }
      throw e;
    }
  }

  /**
   * Removes the temporary files that killed runs have left in a folder, and not those that a running process may be writing.
   *
   * @param folder may be missing
   * @return how many were removed
   */
  public static int removeLeftovers(Path folder) throws IOException {
    return removeLeftovers(folder, ".");
  }

  private static int removeLeftovers(Path folder, String prefix) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    int removed = 0;
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, file -> file.getFileName().toString().startsWith(prefix))) {
      for (Path file : files) {
        Matcher matcher = TEMPORARY.matcher(file.getFileName().toString());
        if (matcher.matches() && !mayBeInUse(file, Long.parseLong(matcher.group(1))) && Files.deleteIfExists(file)) {
          removed++;
        }
      }
    }
    return removed;
  }

  /**
   * Whether the process that made a temporary file still runs. Process numbers are used again, in containers always from the
   * same small ones, so a process that started after the file was last written is another one.
   */
  private static boolean mayBeInUse(Path file, long pid) {
    try {
      Instant written = Files.getLastModifiedTime(file).toInstant();
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .map(process -> process.info().startInstant().map(start -> !start.isAfter(written)).orElse(true))
          .orElse(false);
    } catch (IOException e) {
      // It went away meanwhile: its writer has renamed or removed it.
      return true;
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException(to + ": this file system cannot replace a file in one step; choose another folder", e);
    }
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Makes the rename itself durable. Some file systems cannot open folders; the rename is then as durable as they make it. */
  private static void forceFolder(Path folder) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      return;
    }
    try (channel) {
      channel.force(true);
    }
  }

  private static boolean isNoRoom(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof IOException && t.getMessage() != null && NO_ROOM.matcher(t.getMessage()).find()) {
        return true;
      }
    }
    return false;
  }

  private static long usableBytes(Path folder) {
    try {
      return Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      return 0;
    }
  }
}
