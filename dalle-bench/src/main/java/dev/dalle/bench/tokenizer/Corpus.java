package dev.dalle.bench.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/** Texts to measure on; all of one kind together have a million bytes, so that a million over the microseconds of a call are megabytes a second. */
public enum Corpus {
  /** Captions of some forty letters: styles and Unicode's names of pictographs. */
  CAPTIONS {
    @Override
    List<String> texts() {
      String[] styles = {"noto", "twitter", "openmoji", "fluent", "firefox", "old noto"};
      List<String> names = new ArrayList<>();
      for (int codePoint = 0x1F300; codePoint < 0x1FB00; codePoint++) {
        if (Character.isDefined(codePoint)) {
          names.add(Character.getName(codePoint).toLowerCase(Locale.ROOT));
        }
      }
      Random random = new Random(1);
      List<String> captions = new ArrayList<>();
      int left = BYTES;
      while (left > 0) {
        String caption = "a " + styles[random.nextInt(styles.length)] + " emoji of a " + names.get(random.nextInt(names.size()));
        caption = caption.substring(0, Math.min(left, caption.length()));
        captions.add(caption);
        left -= caption.length();
      }
      return captions;
    }
  },
  /** One long text: the sources of this repository. */
  SOURCES {
    @Override
    List<String> texts() {
      Path root = Path.of(System.getProperty("dalle.bench.root", "."));
      StringBuilder text = new StringBuilder();
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java") && !path.toString().contains("/target/")).sorted().toList()) {
          text.append(Files.readString(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      String ascii = new String(text.toString().getBytes(StandardCharsets.US_ASCII), StandardCharsets.US_ASCII);
      if (ascii.length() < BYTES) {
        throw new IllegalStateException("the sources under " + root + " have " + ascii.length() + " bytes, expected " + BYTES + "; set dalle.bench.root");
      }
      return List.of(ascii.substring(0, BYTES));
    }
  };

  /** Bytes of all texts together. */
  static final int BYTES = 1_000_000;

  /** The texts. */
  abstract List<String> texts();
}
