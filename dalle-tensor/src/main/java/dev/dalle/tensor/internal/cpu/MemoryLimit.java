package dev.dalle.tensor.internal.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much native memory a pool may take. The JVM's own limit on direct memory does not hold for arenas, and a process that takes more than there is is
 * ended by the kernel without a word.
 */
final class MemoryLimit {
  /** A limit in bytes that a user sets. */
  static final String PROPERTY = "dalle.memory.limit";

  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");
  /** Left to everybody else. */
  private static final long RESERVE = 256L << 20;

  private MemoryLimit() {}

  /** The user's limit, or what the machine and the control group have available now; no limit where neither says anything. */
  static long detect() {
    Long chosen = Long.getLong(PROPERTY);
    return chosen != null ? chosen : detect(Path.of("/proc/meminfo"), Path.of("/sys/fs/cgroup"));
  }

  static long detect(Path meminfo, Path controlGroup) {
    long limit = Long.MAX_VALUE;
    Matcher available = AVAILABLE.matcher(text(meminfo));
    if (available.find()) {
      limit = Long.parseLong(available.group(1)) * 1024;
    }
    String most = text(controlGroup.resolve("memory.max")).strip();
    String used = text(controlGroup.resolve("memory.current")).strip();
    if (most.matches("\\d{1,18}") && used.matches("\\d{1,18}")) {
      limit = Math.min(limit, Long.parseLong(most) - Long.parseLong(used));
    }
    return limit == Long.MAX_VALUE ? limit : Math.max(0, limit - RESERVE);
  }

  private static String text(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      // No such information here: there is then no limit to keep to.
      return "";
    }
  }
}
