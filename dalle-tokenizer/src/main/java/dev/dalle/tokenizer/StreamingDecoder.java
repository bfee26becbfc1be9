package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.pipeline.Decoding;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text from tokens that come one by one, as while they are drawn from a model. What it has given so far never changes: a code point whose bytes are spread over
 * several tokens comes with the last of them. All texts together are {@link BpeTokenizer#decode(int[])} of all tokens together.
 *
 * <p>Used by one thread.
 */
public final class StreamingDecoder {
  private final BpeTokenizer tokenizer;
  private final Decoding decoding;
  private final boolean skipSpecial;

  // Where decoding is joining bytes: what is left of a code point.
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE)
      .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] pending = new byte[0];

  // Elsewhere: tokens whose text depends on those after them, and before those some whose text was given already.
  private int[] window = new int[0];
  private int given;

  StreamingDecoder(BpeTokenizer tokenizer, Decoding decoding, boolean skipSpecial) {
    this.tokenizer = tokenizer;
    this.decoding = decoding;
    this.skipSpecial = skipSpecial;
  }

  /**
   * Takes the next token and gives the text that is certain now; empty if none is.
   *
   * @throws IllegalArgumentException if there is no such token; nothing has changed then
   */
  public String add(int id) {
    tokenizer.checkId(id);
    if (decoding.isPlain()) {
      return skipSpecial && decoding.isSpecial(id) ? "" : decode(decoding.tokens().bytes(id), false);
    }
    window = Arrays.copyOf(window, window.length + 1);
    window[window.length - 1] = id;
    String before = decoding.decode(Arrays.copyOf(window, given), skipSpecial);
    String now = decoding.decode(window, skipSpecial);
    if (now.length() <= before.length() || now.endsWith("\uFFFD") || !now.startsWith(before)) {
      return "";
    }
    window = Arrays.copyOfRange(window, given, window.length);
    given = window.length;
    return now.substring(before.length());
  }

  /** The text of what is left, where something is; then it can begin anew. */
  public String finish() {
    if (decoding.isPlain()) {
      return decode(new byte[0], true);
    }
    String before = decoding.decode(Arrays.copyOf(window, given), skipSpecial);
    String now = decoding.decode(window, skipSpecial);
    window = new int[0];
    given = 0;
    return now.startsWith(before) ? now.substring(before.length()) : now;
  }

  private String decode(byte[] more, boolean last) {
    ByteBuffer in = ByteBuffer.allocate(pending.length + more.length).put(pending).put(more).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    utf8.decode(in, out, last);
    if (last) {
      utf8.flush(out);
      utf8.reset();
    }
    pending = new byte[in.remaining()];
    in.get(pending);
    return out.flip().toString();
  }
}
