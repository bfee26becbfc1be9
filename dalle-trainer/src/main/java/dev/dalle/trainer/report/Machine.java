package dev.dalle.trainer.report;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The machine that a run ran on.
 *
 * @param java version and vendor of the running JVM
 * @param os name, version and architecture of the operating system
 * @param architecture as the JVM names it, for example {@code amd64}
 * @param processor its model name, or {@code unknown}
 * @param processors how many the JVM may use
 * @param isa the instruction sets that matter for speed, in ascending order, as the kernel names them
 * @param memoryBytes main memory that this process may use, after the limits of a container
 * @param availableBytes what of it is not in use now
 * @param heapBytes limit of the Java heap
 */
public record Machine(
    String java,
    String os,
    String architecture,
    String processor,
    int processors,
    List<String> isa,
    long memoryBytes,
    long availableBytes,
    long heapBytes) {

  /** The instruction sets that are looked for. */
  private static final List<String> INTERESTING =
      List.of("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16");

  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");

  /** Checks every field. */
  public Machine {
    if (processors < 1) {
      throw new IllegalArgumentException("processors: expected at least 1, got " + processors);
    }
    if (memoryBytes < 0 || availableBytes < 0 || heapBytes < 0) {
      throw new IllegalArgumentException(
          "bytes: expected none negative, got memory " + memoryBytes + ", available " + availableBytes + ", heap " + heapBytes);
    }
    isa = List.copyOf(isa);
  }

  /**
   * Looks at the machine this runs on.
   *
   * @return what the JVM and, on Linux, {@code /proc} say
   */
  public static Machine current() {
    return read(Path.of("/proc/cpuinfo"), Path.of("/proc/meminfo"));
  }

  /** As {@link #current()}, with the places of the two files; a file that is not there leaves its part unknown. */
  static Machine read(Path cpuinfo, Path meminfo) {
    Optional<String> cpu = text(cpuinfo);
    List<String> flags = List.of(cpu.flatMap(text -> field(text, "flags")).orElse("").split(" "));
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long total = system.getTotalMemorySize();
    // The bean counts the page cache as used, which makes a machine that has read files look full.
    long available =
        text(meminfo)
            .map(AVAILABLE::matcher)
            .filter(Matcher::find)
            .map(matcher -> Math.min(total, Long.parseLong(matcher.group(1)) * 1024))
            .orElseGet(system::getFreeMemorySize);
    return new Machine(
        Runtime.version() + " (" + System.getProperty("java.vendor") + ")",
        System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"),
        System.getProperty("os.arch"),
        cpu.flatMap(text -> field(text, "model name")).orElse("unknown"),
        Runtime.getRuntime().availableProcessors(),
        INTERESTING.stream().filter(flags::contains).toList(),
        total,
        available,
        Runtime.getRuntime().maxMemory());
  }

  /** As a report shows it. */
  public List<Fact> facts() {
    return List.of(
        new Fact("processor", processor + ", " + processors + " used"),
        new Fact("instruction sets", isa.isEmpty() ? "unknown" : String.join(" ", isa)),
        new Fact("memory", String.format(Locale.ROOT, "%.1f GiB", memoryBytes / (double) (1L << 30))),
        new Fact("system", os),
        new Fact("Java", java));
  }

  /** Whether the processor has what the CPU kernels need at least. */
  public boolean hasAvx2() {
    return isa.contains("avx2") && isa.contains("fma");
  }

  /** Whether the processor multiplies bf16 numbers itself, as vectors or as tiles. */
  public boolean hasBf16() {
    return isa.contains("avx512_bf16") || isa.contains("amx_bf16");
  }

  private static Optional<String> text(Path file) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<String> field(String text, String name) {
    Matcher matcher = Pattern.compile("^" + Pattern.quote(name) + "\\s*:[ \\t]*(.*)$", Pattern.MULTILINE).matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1).strip()) : Optional.empty();
  }
}
