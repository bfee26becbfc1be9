package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The published rank files, which lie in jtokkit's jar, give the tokens that jtokkit gives. */
class JtokkitTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(value = EncodingType.class, names = {"R50K_BASE", "P50K_BASE", "CL100K_BASE", "O200K_BASE"})
  void tokensAreTheSame(EncodingType type) throws IOException {
    Path file = folder.resolve(type.getName() + ".tiktoken");
    try (InputStream in = EncodingType.class.getResourceAsStream("/com/knuddels/jtokkit/" + type.getName() + ".tiktoken")) {
      Files.copy(in, file);
    }
    BpeTokenizer ours = BpeTokenizer.load(file);
    Encoding theirs = Encodings.newLazyEncodingRegistry().getEncoding(type);
    List<String> texts = Texts.all();
    assertTrue(texts.size() > 10_000, () -> texts.size() + " texts");
    for (String text : texts) {
      int[] expected = theirs.encodeOrdinary(text).toArray();
      assertArrayEquals(expected, ours.encode(text), () -> "\"" + text + "\"");
      assertEquals(text, ours.decode(expected));
    }
  }
}
