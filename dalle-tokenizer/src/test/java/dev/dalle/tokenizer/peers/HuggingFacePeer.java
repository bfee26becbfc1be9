package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Hugging Face's tokenizers as the oracle for a {@code tokenizer.json}. */
final class HuggingFacePeer {
  static {
    // The library lies in its jar: DJL need not look for another on the network.
    System.setProperty("ai.djl.offline", "true");
  }

  private HuggingFacePeer() {}

  /**
   * Fails unless both give the same tokens for every text and the same text for its tokens.
   *
   * @param withTemplate how many of the texts, from the first on, are encoded with the template too
   * @param decoded whether the tokens of a text are decoded
   */
  static void assertSame(Path file, List<String> texts, int withTemplate, Predicate<String> decoded) throws IOException {
    BpeTokenizer ours = BpeTokenizer.load(file);
    try (HuggingFaceTokenizer theirs = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
      for (String text : texts) {
        int[] expected = ids(theirs.encode(text, false, false).getIds());
        assertArrayEquals(expected, ours.encode(text), () -> file.getFileName() + ": \"" + text + "\" " + shown(ours, expected) + " <> "
            + shown(ours, ours.encode(text)));
        if (expected.length > 0 && decoded.test(text)) {
          long[] wide = Arrays.stream(expected).asLongStream().toArray();
          assertEquals(theirs.decode(wide, false), ours.decode(expected), () -> file.getFileName() + ": decoding \"" + text + "\"");
          assertEquals(theirs.decode(wide, true), ours.decode(expected, true), () -> file.getFileName() + ": decoding \"" + text + "\"");
        }
      }
      for (String text : texts.subList(0, withTemplate)) {
        assertArrayEquals(ids(theirs.encode(text, true, false).getIds()), ours.encodeWithTemplate(text), () -> file.getFileName() + ": \"" + text + "\"");
      }
    }
  }

  private static String shown(BpeTokenizer tokenizer, int[] ids) {
    return Arrays.stream(ids).mapToObj(tokenizer::tokenText).toList().toString();
  }

  private static int[] ids(long[] wide) {
    return Arrays.stream(wide).mapToInt(Math::toIntExact).toArray();
  }
}
