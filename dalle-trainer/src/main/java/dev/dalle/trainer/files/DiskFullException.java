package dev.dalle.trainer.files;

import java.io.IOException;
import java.nio.file.Path;

/** There was no room to save a file. What the file held before is still there. */
public final class DiskFullException extends IOException {
  private static final long serialVersionUID = 1;

  DiskFullException(Path target, long usableBytes, Throwable cause) {
    super(
        "no room on the disk while saving "
            + target
            + " ("
            + (usableBytes >> 20)
            + " MB free); the file is as it was before. Free some space, or choose another folder, and run the same command again",
        cause);
  }
}
