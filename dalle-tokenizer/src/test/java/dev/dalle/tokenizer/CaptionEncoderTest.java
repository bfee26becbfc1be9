package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptionEncoderTest {

  private static final List<String> CAPTIONS = List.of("a noto emoji of a red heart", "", "red", "2 red hearts");
  private static final BpeTokenizer TOKENIZER = new BpeTrainer(400, 1).train(CAPTIONS);

  /** Figure 10 of the paper: six text states, three real tokens after the start of text, two padding vectors. */
  @Test
  void figureTen() {
    BpeTokenizer letters = BpeTokenizer.of(List.of());
    PaddedCaption caption = new CaptionEncoder(letters, 6).encode("xyz");
    assertArrayEquals(new int[] {'x', 'y', 'z', -1, -1, -1}, caption.ids());
    assertEquals(3, caption.length());
    assertFalse(caption.cut());
    StringBuilder states = new StringBuilder("start");
    for (int state = 1; state < caption.maxTextTokens(); state++) {
      states.append(state <= caption.length() ? " text" + (state - 1) : " pad" + state);
    }
    assertEquals("start text0 text1 text2 pad4 pad5", states.toString());
  }

  @Test
  void longCaptionsAreCutToOneLessThanTheWidth() {
    BpeTokenizer letters = BpeTokenizer.of(List.of());
    CaptionEncoder encoder = new CaptionEncoder(letters, 4);
    assertEquals(new PaddedCaption(new int[] {'x', -1, -1, -1}, 1, false), encoder.encode("x"));
    assertEquals(new PaddedCaption(new int[] {'w', 'x', 'y', -1}, 3, false), encoder.encode("wxy"));
    assertEquals(new PaddedCaption(new int[] {'w', 'x', 'y', -1}, 3, true), encoder.encode("wxyz"));
    assertEquals(new PaddedCaption(new int[] {-1, -1, -1, -1}, 0, false), encoder.encode(""));
    assertEquals("wxy", letters.decode(encoder.encode("wxyz").tokens()));
  }

  @Test
  void batchesAreTheirRows() {
    CaptionEncoder encoder = new CaptionEncoder(TOKENIZER, 7);
    CaptionBatch batch = encoder.encodeBatch(CAPTIONS);
    long[] seeds = {5, 6, 7, 8};
    CaptionBatch dropped = encoder.encodeBatch(CAPTIONS, 0.5, seeds);
    assertEquals(4, batch.batchSize());
    assertNotEquals(batch, dropped);
    long tokens = 0;
    for (int b = 0; b < 4; b++) {
      PaddedCaption row = encoder.encode(CAPTIONS.get(b));
      assertArrayEquals(row.ids(), Arrays.copyOfRange(batch.ids(), 7 * b, 7 * b + 7));
      assertEquals(row.length(), batch.lengths()[b]);
      tokens += row.length();
      assertArrayEquals(encoder.encode(CAPTIONS.get(b), 0.5, seeds[b]).ids(),
          Arrays.copyOfRange(dropped.ids(), 7 * b, 7 * b + 7));
    }
    assertEquals(tokens, batch.tokenCount());
    assertEquals(0, encoder.encodeBatch(List.of()).batchSize());
  }

  @Test
  void recordsCannotBeChangedFromOutside() {
    int[] ids = {'x', -1};
    PaddedCaption caption = new PaddedCaption(ids, 1, false);
    ids[0] = 'y';
    caption.ids()[0] = 'z';
    assertEquals('x', caption.ids()[0]);
    int[] lengths = {1};
    CaptionBatch batch = new CaptionBatch(ids, lengths, 2);
    ids[0] = 'z';
    lengths[0] = 0;
    batch.ids()[0] = 'q';
    batch.lengths()[0] = 9;
    assertEquals(new CaptionBatch(new int[] {'y', -1}, new int[] {1}, 2), batch);
    assertEquals(1, batch.lengths()[0]);
  }

  @Test
  void refusesWhatBreaksTheContract() {
    assertMessage("maxTextTokens: expected at least 2 (start of text and one token), got 1",
        () -> new CaptionEncoder(TOKENIZER, 1));
    assertMessage("maxTextTokens: expected at least 2 (start of text and one token), got -3",
        () -> PaddedCaption.of(new int[0], -3));
    assertMessage("length: expected 0 to 1 real tokens in a row of 2, got 2",
        () -> new PaddedCaption(new int[] {1, 2}, 2, false));
    assertMessage("length: expected 0 to 1 real tokens in a row of 2, got -1",
        () -> new PaddedCaption(new int[] {-1, -1}, -1, false));
    assertMessage("ids[0]: expected a token of at least 0 with length 1, got -1",
        () -> new PaddedCaption(new int[] {-1, -1}, 1, false));
    assertMessage("ids[1]: expected padding (-1) with length 1, got 3",
        () -> new PaddedCaption(new int[] {1, 3}, 1, false));
    assertMessage("ids: expected [2, 2] like lengths and maxTextTokens, got 3 elements",
        () -> new CaptionBatch(new int[3], new int[2], 2));
    assertMessage("row 1: ids[0]: expected a token of at least 0 with length 1, got -1",
        () -> new CaptionBatch(new int[] {1, -1, -1, -1}, new int[] {1, 1}, 2));
    PaddedCaption narrow = PaddedCaption.of(new int[] {1}, 2);
    assertMessage("captions[1]: expected 3 ids, got 2",
        () -> CaptionBatch.of(List.of(PaddedCaption.of(new int[] {1}, 3), narrow), 3));
    CaptionEncoder encoder = new CaptionEncoder(TOKENIZER, 4);
    assertMessage("seeds: expected one for each of 4 captions, got 1",
        () -> encoder.encodeBatch(CAPTIONS, 0.1, new long[1]));
    assertMessage("dropoutRate: expected a probability from 0 to 1, got 2.0",
        () -> encoder.encodeBatch(CAPTIONS, 2, new long[4]));
  }

  /** The example of the package documentation. */
  @Test
  void theDocumentedExampleRuns(@TempDir Path folder) throws Exception {
    List<String> captions = CAPTIONS;
    Path file = folder.resolve("captions.bpe");

    BpeTokenizer tokenizer = new BpeTrainer(1024, 2).train(captions);      // at most 1024 tokens
    tokenizer.save(file);
    int[] ids = tokenizer.encode("a noto emoji of a red heart");
    String same = tokenizer.decode(ids);

    CaptionEncoder encoder = new CaptionEncoder(tokenizer, 256);
    PaddedCaption row = encoder.encode("a noto emoji of a red heart", 0.1, 42);   // dropout 10 %, seed 42

    assertEquals("a noto emoji of a red heart", same);
    assertTrue(Files.exists(file) && tokenizer.size() <= 1024);
    assertEquals(256, row.ids().length);
    assertEquals(same, tokenizer.decode(row.tokens()));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
