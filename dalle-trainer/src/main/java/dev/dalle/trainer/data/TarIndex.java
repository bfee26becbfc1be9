package dev.dalle.trainer.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Where the files of a tar lie. */
final class TarIndex {
  private static final int BLOCK = 512;

  private TarIndex() {}

  /**
   * One file in a tar.
   *
   * @param name with its folders
   * @param at offset of its first byte in the tar
   * @param bytes its length
   */
  record Item(String name, long at, long bytes) {
    /** The name up to the first dot after the last slash. */
    String key() {
      int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
      return dot < 0 ? name : name.substring(0, dot);
    }

    /** What follows the last dot, in lower case. */
    String ending() {
      int dot = name.lastIndexOf('.');
      return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }
  }

  /** The regular files, in the order of the tar. */
  static List<Item> of(Path shard) {
    if (!Files.isRegularFile(shard)) {
      throw new DataException("shard " + shard + ": " + (Files.exists(shard) ? "is not a file" : "does not exist"));
    }
    List<Item> items = new ArrayList<>();
    Item last = new Item("", 0, 0);
    try (InputStream file = Files.newInputStream(shard); TarArchiveInputStream tar =
        new TarArchiveInputStream(new BufferedInputStream(file, 1 << 16))) {
      long length = Files.size(shard);
      refuseOther(shard, length);
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Item item = new Item(entry.getName(), tar.getBytesRead(), entry.getSize());
        if (!entry.isCheckSumOK()) {
          throw new DataException("shard " + shard + ": is damaged, the header "
              + (last.name.isEmpty() ? "at its beginning" : "behind entry " + last.name + " at offset " + last.at)
              + " does not match its checksum; expected a tar file. Download it again");
        }
        last = item;
        if (item.at + item.bytes > length) {
          throw new DataException("shard " + shard + ", entry " + item.name + " at offset " + item.at + ": should have " + item.bytes
              + " bytes, but the shard ends at " + length + "; download it again");
        }
        if (entry.isFile() && !hidden(item.name)) {
          items.add(item);
        }
      }
      long end = last.at + Math.ceilDiv(last.bytes, BLOCK) * BLOCK;
      if (length < end + BLOCK) {
        throw new DataException("shard " + shard + ": ends at offset " + length + " after entry " + last.name
            + " without the closing block of zeros; download it again");
      }
      return items;
    } catch (IOException | IllegalArgumentException e) {
      throw new DataException("shard " + shard + ": is damaged after " + items.size() + " files"
          + (last.name.isEmpty() ? "" : ", behind entry " + last.name + " at offset " + last.at) + " (" + e.getMessage()
          + "); download it again", e);
    }
  }

  private static void refuseOther(Path shard, long length) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(shard)) {
      head = in.readNBytes(BLOCK);
    }
    if (head.length > 2 && (head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b) {
      throw new DataException("shard " + shard + ": is compressed with gzip, so examples cannot be found by their place; unpack it to .tar");
    }
    if (length < BLOCK) {
      throw new DataException("shard " + shard + ": has " + length + " bytes, less than the " + BLOCK + " of a tar header; download it again");
    }
  }

  private static boolean hidden(String name) {
    return name.startsWith(".", name.lastIndexOf('/') + 1);
  }
}
