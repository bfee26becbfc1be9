package dev.dalle.trainer.run;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The folder of a run and what lies where in it.
 *
 * @param path made if missing
 */
public record RunFolder(Path path) {
  /** What the run is a function of. */
  public Path manifest() {
    return path.resolve("manifest.json");
  }

  /** The trained byte-pair vocabulary. */
  public Path tokenizer() {
    return path.resolve("tokenizer.bpe");
  }

  /** Averaged weights of stage one. */
  public Path dvae() {
    return path.resolve("dvae.safetensors");
  }

  /** Averaged weights of stage two. */
  public Path transformer() {
    return path.resolve("transformer.safetensors");
  }

  /** Drawn pictures. */
  public Path pictures() {
    return path.resolve("pictures");
  }

  /** The report's page. */
  public Path report() {
    return path.resolve("report.html");
  }

  /** The report's numbers. */
  public Path metrics() {
    return path.resolve("metrics.json");
  }

  /**
   * The manifest, if there is one.
   *
   * @throws dev.dalle.trainer.config.ConfigException if it is damaged or of another version
   */
  public Optional<Manifest> readManifest() {
    if (!Files.exists(manifest())) {
      return Optional.empty();
    }
    // Before the fields: a newer release may have others, and its number says more than an unknown key.
    ConfigJson.longAt(manifest(), "version").ifPresent(version -> Manifest.checkVersion(manifest(), version));
    return Optional.of(ConfigJson.read(manifest(), Manifest.class));
  }

  /** Writes the manifest, as a whole or not at all. */
  public void writeManifest(Manifest value) throws IOException {
    Files.createDirectories(path);
    AtomicFiles.writeString(manifest(), ConfigJson.write(value));
  }

  /**
   * Keeps other processes out of the folder until closed, however the process ends.
   *
   * @throws IOException if another process works in it, or it cannot be written
   */
  public AutoCloseable lock() throws IOException {
    Files.createDirectories(path);
    AtomicFiles.removeLeftovers(path);
    FileChannel channel = FileChannel.open(lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw new IOException(path + ": another process works in this folder; wait for it, or choose another with --out");
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(path + ": this process works in this folder already", e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return channel;
  }

  /** Whether a process holds the {@link #lock} now. Changes nothing in the folder. */
  public boolean busy() {
    // Shared, so that two who ask do not take each other for a training.
    try (FileChannel channel = FileChannel.open(lockFile(), StandardOpenOption.READ); FileLock free = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return free == null;
    } catch (OverlappingFileLockException e) {
      return true;
    } catch (IOException e) {
      // No lock was ever taken here, or this file system has none.
      return false;
    }
  }

  private Path lockFile() {
    return path.resolve(".lock");
  }
}
