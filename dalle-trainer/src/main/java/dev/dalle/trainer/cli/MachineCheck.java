package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import dev.dalle.trainer.report.Machine;
import java.util.ArrayList;
import java.util.List;

/** JVM, operating system, processor and memory. */
record MachineCheck(Machine machine) implements HealthCheck {

  private static final long GIB = 1L << 30;

  /** What {@code dalle demo} may use; the promise of the README. */
  private static final long DEMO_BYTES = 6 * GIB;

  @Override
  public String name() {
    return "machine";
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(Finding.ok("Java", machine.java()));
    boolean linux = machine.os().startsWith("Linux") && machine.architecture().equals("amd64");
    findings.add(
        linux
            ? Finding.ok("system", machine.os())
            : Finding.fault("system", machine.os(), "the CPU library exists for Linux on x86-64 only; use such a machine"));
    findings.add(Finding.ok("processor", machine.processor() + ", " + machine.processors() + " available"));
    findings.add(instructionSets());
    findings.add(memory());
    findings.add(Finding.ok("Java heap", gib(machine.heapBytes()) + " at most (DALLE_HEAP sets it)"));
    return findings;
  }

  private Finding instructionSets() {
    String found = machine.isa().isEmpty() ? "none known" : String.join(" ", machine.isa());
    if (!machine.hasAvx2()) {
      return Finding.fault("instruction sets", found, "AVX2 and FMA are needed; use a processor that has them");
    }
    if (!machine.hasBf16()) {
      return Finding.warning("instruction sets", found, "no bf16 instructions: training runs in 32 bits, about half as fast");
    }
    return Finding.ok("instruction sets", found);
  }

  private Finding memory() {
    String found = gib(machine.memoryBytes()) + ", " + gib(machine.availableBytes()) + " available";
    return machine.availableBytes() >= DEMO_BYTES
        ? Finding.ok("memory", found)
        : Finding.warning("memory", found, "demo uses up to " + gib(DEMO_BYTES) + "; end other programs or use a smaller preset");
  }

  static String gib(long bytes) {
    return String.format(java.util.Locale.ROOT, "%.1f GiB", bytes / (double) GIB);
  }
}
