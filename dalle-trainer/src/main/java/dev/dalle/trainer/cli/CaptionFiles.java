package dev.dalle.trainer.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The captions of text files, one a line, file after file, read as they are asked for. Can be gone through once. */
final class CaptionFiles implements Iterable<String>, AutoCloseable {
  private final Iterator<Path> files;
  private Optional<TextLines> lines = Optional.empty();
  private Optional<String> next = Optional.empty();
  private long count;

  CaptionFiles(List<Path> files) {
    this.files = files.iterator();
  }

  /** Captions so far. */
  long count() {
    return count;
  }

  /** The captions; reading them may fail with an {@link UncheckedIOException}. */
  @Override
  public Iterator<String> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        try {
          advance();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        return next.isPresent();
      }

      @Override
      public String next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        String caption = next.get();
        next = Optional.empty();
        count++;
        return caption;
      }
    };
  }

  /** Finds the next line that is not blank, if it is not found yet. */
  private void advance() throws IOException {
    while (next.isEmpty()) {
      if (lines.isEmpty()) {
        if (!files.hasNext()) {
          return;
        }
        Path file = files.next();
        lines = Optional.of(new TextLines(file.toString(), Files.newInputStream(file), false));
      }
      Optional<String> line = lines.get().next();
      if (line.isEmpty()) {
        close();
      } else if (!line.get().isBlank()) {
        next = line;
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (lines.isPresent()) {
      lines.get().close();
      lines = Optional.empty();
    }
  }
}
