package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tokenizer.internal.merge.PieceCache;
import dev.dalle.tokenizer.internal.spec.VocabularyBuilder;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BpeTokenizerTest {

  /** aa = 256, ab = 257, aaab = 258. */
  private static final BpeTokenizer TEXTBOOK = new BpeTrainer(1000, 2).train(List.of("aaabdaaabac"));

  private static BpeTokenizer random(Random random, int alphabet, int size) {
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      captions.add(RandomText.words(random, alphabet, 13));
    }
    return new BpeTrainer(size, 1).train(captions);
  }

  /** Splits with a regular expression and applies merge after merge to each word. */
  private static int[] naiveEncode(String text, List<Merge> merges) {
    List<Integer> ids = new ArrayList<>();
    Matcher matcher = Pattern.compile("[a-z]+|[^a-z]").matcher(BpeTokenizer.normalize(text));
    while (matcher.find()) {
      if (matcher.group().matches("[a-z]+")) {
        ids.addAll(NaiveBpe.encodeWord(matcher.group(), merges));
      } else {
        for (byte unit : matcher.group().getBytes(StandardCharsets.UTF_8)) {
          ids.add(unit & 0xFF);
        }
      }
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void encodesTheTextbookString() {
    assertArrayEquals(new int[] {258, 'd', 258, 'a', 'c'}, TEXTBOOK.encode("aaabdaaabac"));
    assertArrayEquals(new int[] {256, 'a'}, TEXTBOOK.encode("aaa"), "overlapping pairs merge from the left");
    assertEquals("aaabdaaabac", TEXTBOOK.decode(new int[] {258, 'd', 258, 'a', 'c'}));
  }

  @Test
  void onlyLettersMerge() {
    assertArrayEquals(new int[] {257, ' ', 257, '2', '2', ' ', ' ', '.', 257},
        TEXTBOOK.encode("ab AB22  .aB"));
    assertArrayEquals(new int[] {257, 0xC3, 0xA9, 257, 0xF0, 0x9F, 0x98, 0x80, 0xF0, 0x9F, 0x98, 0x80},
        TEXTBOOK.encode("ab\u00c9ab\uD83D\uDE00\uD83D\uDE00"));
    assertArrayEquals(new int[0], TEXTBOOK.encode(""));
  }

  @Test
  void loneSurrogatesBecomeTheReplacementCharacter() {
    Map<String, String> cases = Map.of("a\uD83D", "a\uFFFD", "a\uDE00b", "a\uFFFDb", "\uDE00\uD83D", "\uFFFD\uFFFD",
        "\uD83D\uD83D\uDE00", "\uFFFD\uD83D\uDE00");
    cases.forEach((text, expected) -> {
      assertEquals(expected, BpeTokenizer.normalize(text));
      assertEquals(expected, TEXTBOOK.decode(TEXTBOOK.encode(text)));
    });
    assertArrayEquals(new int[] {0xEF, 0xBF, 0xBD}, TEXTBOOK.encode("\uD83D"));
  }

  @Test
  void everyCodePointMakesTheRoundTrip() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c == Character.MIN_SURROGATE) {
        c = Character.MAX_SURROGATE + 1;
      }
      String text = Character.toString(c);
      String lower = text.toLowerCase(Locale.ROOT);
      assertEquals(lower, BpeTokenizer.normalize(text),
          () -> "normalize U+" + Integer.toHexString(text.codePointAt(0)));
      int[] ids = TEXTBOOK.encode(text);
      assertArrayEquals(lower.getBytes(StandardCharsets.UTF_8), bytes(ids));
      assertEquals(lower, TEXTBOOK.decode(ids));
    }
  }

  private static byte[] bytes(int[] ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return bytes;
  }

  @Test
  void everyTextMakesTheRoundTrip() {
    Random random = new Random(5);
    BpeTokenizer tokenizer = random(random, 26, 600);
    for (int trial = 0; trial < 3000; trial++) {
      boolean loneSurrogates = trial % 2 == 1;
      String text = RandomText.unicode(random, random.nextInt(40), loneSurrogates);
      String normalized = BpeTokenizer.normalize(text);
      assertEquals(normalized, BpeTokenizer.normalize(normalized));
      assertEquals(normalized, tokenizer.decode(tokenizer.encode(text)));
      assertEquals(normalized, tokenizer.decode(tokenizer.encode(text, 0.3, trial)));
      if (!loneSurrogates && text.indexOf('\u03A3') < 0) {
        assertEquals(text.toLowerCase(Locale.ROOT), normalized);
      }
    }
  }

  @Test
  void sigmaIsLowerCasedByItself() {
    assertEquals("\u03c3\u03bf\u03c3", BpeTokenizer.normalize("\u03a3\u039f\u03a3"));
    assertEquals("\u03c3\u03bf\u03c2", "\u03a3\u039f\u03a3".toLowerCase(Locale.ROOT), "where we differ");
  }

  @Test
  void agreesWithMergeAfterMerge() {
    Random random = new Random(6);
    for (int trial = 0; trial < 150; trial++) {
      int alphabet = 1 + random.nextInt(5);
      BpeTokenizer tokenizer = random(random, alphabet, 257 + random.nextInt(80));
      for (int i = 0; i < 20; i++) {
        String text = RandomText.words(random, alphabet, 70) + RandomText.unicode(random, 5, true);
        assertArrayEquals(naiveEncode(text, tokenizer.merges()), tokenizer.encode(text), text);
        assertArrayEquals(tokenizer.encode(text), tokenizer.encode(text), "from the cache");
      }
    }
  }

  /** Merges that no training would give, so that later ones cross earlier ones in every way. */
  @Test
  void agreesWithMergeAfterMergeOnUntrainedMerges() {
    Random random = new Random(7);
    for (int trial = 0; trial < 200; trial++) {
      VocabularyBuilder builder = BpeTokenizer.builder(SplitRule.paper());
      while (builder.size() < 290) {
        try {
          builder.add(operand(random, builder.size()), operand(random, builder.size()));
        } catch (IllegalArgumentException duplicateOrTooLong) {
          continue;
        }
      }
      BpeTokenizer tokenizer = BpeTokenizer.of(SplitRule.paper(), builder, List.of());
      for (int i = 0; i < 20; i++) {
        String word = RandomText.word(random, 3, 1 + random.nextInt(60));
        assertArrayEquals(naiveEncode(word, tokenizer.merges()), tokenizer.encode(word), word);
      }
    }
  }

  private static int operand(Random random, int size) {
    int operand = random.nextInt(3 + size - 256);
    return operand < 3 ? 'a' + operand : 256 + operand - 3;
  }

  /** With quadratic time this would not end within the hour. */
  @Test
  void finishesOnAWordOfAMillionLetters() {
    Random random = new Random(8);
    BpeTokenizer equal = new BpeTrainer(300, 1).train(List.of("a".repeat(300)));
    BpeTokenizer mixed = random(random, 3, 330);
    String equalWord = "a".repeat(1_000_001);
    String mixedWord = RandomText.word(random, 3, 1_000_000);
    assertArrayEquals(naiveEncode(equalWord, equal.merges()), equal.encode(equalWord));
    assertArrayEquals(naiveEncode(mixedWord, mixed.merges()), mixed.encode(mixedWord));
    assertEquals(mixedWord, mixed.decode(mixed.encode(mixedWord, 0.1, 1)));
    assertEquals(equalWord, equal.decode(equal.encode(equalWord, 0.9, 1)));
    assertEquals(1_000_000, mixed.encode(mixedWord, 1, 1).length);
    String sigmas = "\u03a3".repeat(1_000_000);
    assertEquals(2_000_000, mixed.encode(sigmas).length);
  }

  @Test
  void threadsGetTheResultsOfOneThread() throws Exception {
    Random random = new Random(9);
    BpeTokenizer tokenizer = random(random, 8, 500);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 2 * PieceCache.SLOTS; i++) {
      texts.add(RandomText.words(random, 8, 9));
    }
    BpeTokenizer fresh = BpeTokenizer.of(tokenizer.merges());
    List<int[]> expected = texts.stream().map(fresh::encode).toList();
    try (var pool = Executors.newFixedThreadPool(4)) {
      List<Callable<Integer>> jobs = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int offset = t * 101;
        jobs.add(() -> {
          int checked = 0;
          for (int i = 0; i < texts.size(); i++) {
            int index = (i + offset) % texts.size();
            assertArrayEquals(expected.get(index), tokenizer.encode(texts.get(index)));
            checked++;
          }
          return checked;
        });
      }
      for (Future<Integer> job : pool.invokeAll(jobs)) {
        assertEquals(texts.size(), job.get());
      }
    }
  }

  /** Two words of one cache slot and one length replace each other and are never taken for one another. */
  @Test
  void wordsThatShareACacheSlotKeepTheirTokens() {
    Random random = new Random(10);
    BpeTokenizer tokenizer = random(random, 26, 500);
    String first = RandomText.word(random, 26, 6);
    String second = first;
    while (second.equals(first)
        || slot(second) != slot(first)) {
      second = RandomText.word(random, 26, 6);
    }
    for (int i = 0; i < 2; i++) {
      assertEquals(first, tokenizer.decode(tokenizer.encode(first)));
      assertEquals(second, tokenizer.decode(tokenizer.encode(second)));
    }
  }

  private static int slot(String word) {
    return PieceCache.hash(word.toCharArray(), 0, word.length()) & PieceCache.SLOTS - 1;
  }

  @Test
  void decodesBrokenUtf8ToReplacementCharacters() {
    assertEquals("\uFFFD", TEXTBOOK.decode(new int[] {0xC3}));
    assertEquals("\uFFFDab", TEXTBOOK.decode(new int[] {0xE2, 0x82, 257}));
    assertEquals("\u00e9", TEXTBOOK.decode(new int[] {0xC3, 0xA9}));
  }

  @Test
  void showsTokens() {
    assertEquals(259, TEXTBOOK.size());
    assertEquals("aaab", TEXTBOOK.tokenText(258));
    assertEquals("a", TEXTBOOK.tokenText('a'));
    assertEquals(" ", TEXTBOOK.tokenText(' '));
    assertEquals("<0x0A>", TEXTBOOK.tokenText('\n'));
    assertEquals("<0x7F>", TEXTBOOK.tokenText(0x7F));
    assertEquals("<0xE2>", TEXTBOOK.tokenText(0xE2));
    assertArrayEquals(new byte[] {(byte) 0xE2}, TEXTBOOK.tokenBytes(0xE2));
    assertArrayEquals("aaab".getBytes(StandardCharsets.US_ASCII), TEXTBOOK.tokenBytes(258));
    assertEquals("BpeTokenizer[259 tokens]", TEXTBOOK.toString());
  }

  @Test
  void equalityIsThatOfTheMerges() {
    BpeTokenizer same = BpeTokenizer.of(TEXTBOOK.merges());
    assertEquals(TEXTBOOK, same);
    assertEquals(TEXTBOOK.hashCode(), same.hashCode());
    assertNotEquals(TEXTBOOK, BpeTokenizer.of(TEXTBOOK.merges().subList(0, 2)));
    assertNotEquals(TEXTBOOK, BpeTokenizer.of(List.of()));
  }

  @Test
  void refusesBadArguments() {
    assertMessage("ids[1]: expected a token from 0 to 258, got 259", () -> TEXTBOOK.decode(new int[] {0, 259}));
    assertMessage("ids[0]: expected a token from 0 to 258, got -1 (padding; decode the real tokens only)",
        () -> TEXTBOOK.decode(new int[] {-1}));
    assertMessage("id: expected a token from 0 to 258, got 259", () -> TEXTBOOK.tokenText(259));
    assertMessage("id: expected a token from 0 to 258, got -1", () -> TEXTBOOK.tokenBytes(-1));
    for (double rate : new double[] {-0.1, 1.1, Double.NaN}) {
      assertMessage("dropoutRate: expected a probability from 0 to 1, got " + rate,
          () -> TEXTBOOK.encode("a", rate, 0));
    }
    assertMessage("merge: expected ids of at least 0, got -1 and 97", () -> new Merge(-1, 'a'));
    assertMessage("merge: expected ids of at least 0, got 97 and -1", () -> new Merge('a', -1));
    assertMessage("merge 0: token 256 does not exist yet; a merge uses tokens below the one it makes, here 256",
        () -> BpeTokenizer.of(List.of(new Merge(256, 'a'))));
    assertMessage("merge 0: token 32 ( ) is no letter a-z, and only letters merge",
        () -> BpeTokenizer.of(List.of(new Merge('a', ' '))));
    assertMessage("merge 0: token 195 (<0xC3>) is no letter a-z, and only letters merge",
        () -> BpeTokenizer.of(List.of(new Merge(0xC3, 'a'))));
    assertMessage("merge 3: the new token \"aab\" exists already as token 258", () -> BpeTokenizer.of(List.of(
        new Merge('a', 'a'), new Merge('a', 'b'), new Merge(256, 'b'), new Merge('a', 257))));
    List<Merge> doubling = new ArrayList<>(List.of(new Merge('a', 'a')));
    for (int id = 256; id < 263; id++) {
      doubling.add(new Merge(id, id));
    }
    assertMessage("merge 7: the new token \"" + "a".repeat(256) + "\" has 256 bytes, and at most 128 are allowed",
        () -> BpeTokenizer.of(doubling));
  }

  @Test
  void theModuleNeedsNothingButJavaBase() throws Exception {
    Path classes = Path.of(BpeTokenizer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (var in = Files.newInputStream(classes.resolve("module-info.class"))) {
      ModuleDescriptor module = ModuleDescriptor.read(in);
      assertEquals("dev.dalle.tokenizer", module.name());
      assertEquals(Set.of("java.base"),
          module.requires().stream().map(ModuleDescriptor.Requires::name).collect(Collectors.toSet()));
      assertEquals(Set.of("dev.dalle.tokenizer"),
          module.exports().stream().map(ModuleDescriptor.Exports::source).collect(Collectors.toSet()));
    }
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
