package dev.dalle.bench.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.TokenizerFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** What is measured: a library with the vocabulary cl100k_base. */
interface Tokenizer {
  /** The tokens of a text. */
  int[] encode(String text);

  /** Tokens as {@link #decode} takes them. */
  Object tokens(int[] ids);

  /** The text of tokens. */
  String decode(Object tokens);

  /** Opens a library. */
  static Tokenizer open(Library library) throws IOException {
    Path folder = Files.createTempDirectory("dalle-bench");
    Path ranks = folder.resolve("cl100k_base.tiktoken");
    try (InputStream in = EncodingType.class.getResourceAsStream("/com/knuddels/jtokkit/cl100k_base.tiktoken")) {
      Files.copy(in, ranks);
    }
    BpeTokenizer ours = BpeTokenizer.load(ranks);
    Path json = folder.resolve("tokenizer.json");
    ours.save(json, TokenizerFormat.HUGGING_FACE);
    Tokenizer opened = switch (library) {
      case OURS -> new Ours(ours);
      case JTOKKIT -> new Jtokkit(Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE));
      case HUGGING_FACE -> new HuggingFace(HuggingFaceTokenizer.newInstance(json, Map.of("truncation", "false", "padding", "false")));
    };
    Files.delete(ranks);
    Files.delete(json);
    Files.delete(folder);
    return opened;
  }

  /** Ours. */
  record Ours(BpeTokenizer tokenizer) implements Tokenizer {
    @Override
    public int[] encode(String text) {
      return tokenizer.encode(text);
    }

    @Override
    public Object tokens(int[] ids) {
      return ids;
    }

    @Override
    public String decode(Object tokens) {
      return tokenizer.decode((int[]) tokens);
    }
  }

  /** jtokkit's. */
  record Jtokkit(Encoding encoding) implements Tokenizer {
    @Override
    public int[] encode(String text) {
      return encoding.encodeOrdinary(text).toArray();
    }

    @Override
    public Object tokens(int[] ids) {
      IntArrayList list = new IntArrayList(ids.length);
      Arrays.stream(ids).forEach(list::add);
      return list;
    }

    @Override
    public String decode(Object tokens) {
      return encoding.decode((IntArrayList) tokens);
    }
  }

  /** Hugging Face's. */
  record HuggingFace(HuggingFaceTokenizer tokenizer) implements Tokenizer {
    @Override
    public int[] encode(String text) {
      return Arrays.stream(tokenizer.encode(text, false, false).getIds()).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public Object tokens(int[] ids) {
      return Arrays.stream(ids).asLongStream().toArray();
    }

    @Override
    public String decode(Object tokens) {
      return tokenizer.decode((long[]) tokens, false);
    }
  }
}
