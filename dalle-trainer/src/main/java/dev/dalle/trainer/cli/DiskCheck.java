package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whether runs can be written: the folder, or the nearest one above it that exists, and the room on its disk. */
record DiskCheck(Path folder) implements HealthCheck {

  /** Two checkpoints of the largest preset that fits a machine without a GPU, and the data. */
  private static final long WANTED_BYTES = 2L << 30;

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public List<Finding> findings() {
    Path existing = folder.toAbsolutePath().normalize();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      return List.of(Finding.fault("runs", existing + " cannot be written", "choose another folder with --out"));
    }
    try {
      FileStore store = Files.getFileStore(existing);
      String found = MachineCheck.gib(store.getUsableSpace()) + " free at " + existing;
      return List.of(
          store.getUsableSpace() >= WANTED_BYTES
              ? Finding.ok("runs", found)
              : Finding.warning("runs", found, "a run may need " + MachineCheck.gib(WANTED_BYTES) + "; choose another folder with --out"));
    } catch (IOException e) {
      return List.of(Finding.fault("runs", existing + ": " + e.getMessage(), "choose another folder with --out"));
    }
  }
}
