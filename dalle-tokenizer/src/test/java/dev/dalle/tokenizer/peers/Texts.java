package dev.dalle.tokenizer.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** Texts to compare tokenizers on: source code, prose of several scripts, emoji sequences, odd white space, and random Unicode. */
final class Texts {
  private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize().getParent();

  private Texts() {}

  /** The lines of this repository's sources and pages, each once, and some of its files whole. */
  static List<String> repository() {
    Set<String> texts = new LinkedHashSet<>();
    try (Stream<Path> files = Files.walk(ROOT)) {
      List<Path> chosen = files.filter(Files::isRegularFile).filter(file -> !file.toString().contains("/target/") && !file.toString().contains("/.git/"))
          .filter(file -> file.toString().matches(".*\\.(java|md|xml|py|txt)|.*LICENSE")).sorted().toList();
      for (int i = 0; i < chosen.size(); i++) {
        String text = Files.readString(chosen.get(i), StandardCharsets.UTF_8);
        texts.addAll(List.of(text.split("\n")));
        if (i % 40 == 0) {
          texts.add(text);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(texts);
  }

  /** One's own sentences, and pieces that have broken tokenizers. */
  static List<String> varied() {
    return List.of("", " ", "  ", "\n", "\r\n", "\t\tindented", "trailing   ", "  a  b   c ", "a\u00a0b\u2003c\u3000d", "line\n\n\nline\n", "x \n y", "\n \n x",
        "don't I'll WE'VE he'S they'Re it'd I'M can't'", "''s '''ll", "'\u017f long s", "1234567 12 3 1,000.50", "\u0661\u0662\u0663\u0664 \u2160\u2161 \u00bd",
        "CamelCaseHTTPServer snake_case kebab-case", "a+b=c; if (x < 3 && y >= 4) { return -1; }", "https://example.org/a?b=c&d=%20#e", "e-mail: a.b@c.de",
        "Ein Bär fährt über die Straße; ÄÖÜ ß ẞ", "Où est le garçon? Ça va — très bien « merci »", "¿Dónde está el niño? ¡Aquí!",
        "Зелёный кот спит на красном диване", "Η γάτα κοιμάται στον καναπέ ΣΑΣ", "החתול ישן על הספה", "القط ينام على الأريكة ١٢٣", "बिल्ली सोफे पर सो रही है",
        "แมวนอนบนโซฟา", "猫在沙发上睡觉。三只小猪", "猫がソファで寝ている。カタカナ", "고양이가 소파에서 잔다", "e\u0301 \u00e9 \u1e9b\u0323 ﬁ Å \u212b", "İstanbul ıI",
        "\ud83d\ude00\ud83d\ude03 \u2764\ufe0f \ud83d\udc69\u200d\ud83d\ude80 \ud83d\udc4d\ud83c\udfff \ud83c\udde9\ud83c\uddea", "a\u200bb\ufeffc\u200d", "\u0000\u0001\u007f\u0085",
        "<|endoftext|> is text here", "</w> <unk> [UNK]", "\u2581already\u2581there", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababababababababababababababababababababababababababab", "!!!!!!!!??????....", "\ud835\udd04\ud835\udd05 \ud840\udc00", "ﷺ ㍿", "o\u0308\u0323");
  }

  /** Strings of random code points, from all of Unicode and from where things are dense; no lone surrogates, which other libraries cannot take. */
  static List<String> random(long seed, int count) {
    return random(seed, count, new int[][] {{0x20, 0x7f}, {0x20, 0x7f}, {0x9, 0x21}, {0xa0, 0x250}, {0x300, 0x370}, {0x370, 0x600}, {0x900, 0xe80}, {0x1100, 0x1200}, {0x2000, 0x2100},
        {0x3000, 0x3100}, {0x4e00, 0x5000}, {0xac00, 0xad00}, {0xfb00, 0xfe10}, {0x1f300, 0x1f700}, {0x1d400, 0x1d800}, {0, 0x110000}});
  }

  /** As above, from blocks that have been the same since Unicode 8: the tables of Hugging Face's normalizers and classes are older than the JDK's. */
  static List<String> randomOfOldBlocks(long seed, int count) {
    return random(seed, count, new int[][] {{0x20, 0x7f}, {0x9, 0x21}, {0xa0, 0x250}, {0x300, 0x370}, {0x390, 0x3d0}, {0x400, 0x500}, {0x5d0, 0x5eb},
        {0x900, 0x980}, {0xe01, 0xe5c}, {0x1100, 0x1200}, {0x2010, 0x2060}, {0x3000, 0x3100}, {0x4e00, 0x5000}, {0xac00, 0xad00}, {0xfb00, 0xfb07},
        {0xff01, 0xff5f}, {0x1f300, 0x1f3cf}, {0x1d400, 0x1d800}});
  }

  private static List<String> random(long seed, int count, int[][] ranges) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      int[] range = ranges[random.nextInt(ranges.length)];
      for (int n = random.nextInt(30); n > 0; n--) {
        int codePoint = range[0] + random.nextInt(range[1] - range[0]);
        // Code points that are not assigned yet may be some day, and then libraries of different ages differ.
        if (codePoint >= 0xD800 && codePoint < 0xE000 || !Character.isDefined(codePoint)) {
          continue;
        }
        text.appendCodePoint(codePoint);
        if (random.nextInt(6) == 0) {
          range = ranges[random.nextInt(ranges.length)];
        }
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** All of the above. */
  static List<String> all() {
    return all(random(1, 4000));
  }

  /** All of the above that Hugging Face's tables know. */
  static List<String> allOfOldBlocks() {
    return all(randomOfOldBlocks(1, 4000));
  }

  private static List<String> all(List<String> random) {
    List<String> all = new ArrayList<>(varied());
    all.addAll(repository());
    all.addAll(random);
    return all;
  }
}
