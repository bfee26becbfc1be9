package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.files.ClipFile;
import dev.dalle.tokenizer.internal.files.FormatProblem;
import dev.dalle.tokenizer.internal.files.Gpt2Files;
import dev.dalle.tokenizer.internal.files.HuggingFaceFile;
import dev.dalle.tokenizer.internal.files.HuggingFaceWriter;
import dev.dalle.tokenizer.internal.files.TiktokenFile;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Loads vocabularies of all kinds, telling them apart by what is in the file. */
final class TokenizerFiles {
  /** The largest tokenizer.json in use has about 35 MB. */
  private static final int MAX_FILE_BYTES = 1 << 28;

  private TokenizerFiles() {}

  /** A file's content becomes a description. */
  @FunctionalInterface
  private interface Reading {
    TokenizerSpec read() throws FormatProblem, IOException;
  }

  static BpeTokenizer load(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      return loadFolder(file);
    }
    byte[] bytes = read(file);
    if (BpeFile.begins(bytes)) {
      return BpeFile.read(file, bytes);
    }
    if (bytes.length >= 2 && (bytes[0] & 0xFF) == 0x1F && (bytes[1] & 0xFF) == 0x8B) {
      return tokenizer(file, () -> ClipFile.read(bytes, SplitRule.clip().normalizers(), SplitRule.clip().splits()));
    }
    if (firstVisible(bytes) == '{') {
      return tokenizer(file, () -> HuggingFaceFile.read(bytes));
    }
    if (TiktokenFile.looksLike(bytes)) {
      return loadTiktoken(file, ruleOfName(file), List.of());
    }
    if (bytes.length == 0) {
      throw new BpeFormatException(file, "expected a vocabulary, and the file is empty");
    }
    throw new BpeFormatException(file, "expected a vocabulary in format dalle-bpe, a tokenizer.json, a gzipped merge list of CLIP, a rank file of tiktoken, or"
        + " a folder with vocab.json and merges.txt; the file begins like none of them");
  }

  private static BpeTokenizer loadFolder(Path folder) throws IOException {
    Path whole = folder.resolve("tokenizer.json");
    if (Files.exists(whole)) {
      return load(whole);
    }
    boolean authors = !Files.exists(folder.resolve("vocab.json")) && Files.exists(folder.resolve("encoder.json"));
    String vocabulary = authors ? "encoder.json" : "vocab.json";
    String merges = authors ? "vocab.bpe" : "merges.txt";
    for (String part : List.of(vocabulary, merges)) {
      if (!Files.exists(folder.resolve(part))) {
        throw new NoSuchFileException(folder.resolve(part).toString(), null, "a folder with a vocabulary has tokenizer.json, or vocab.json and merges.txt, or"
            + " encoder.json and vocab.bpe");
      }
    }
    byte[] first = read(folder.resolve(vocabulary));
    byte[] second = read(folder.resolve(merges));
    return tokenizer(folder, () -> new Gpt2Files(vocabulary, merges).read(first, second, SplitRule.clip().normalizers(), SplitRule.clip().splits()));
  }

  /** The rule that goes with a published rank file, by its name. */
  private static SplitRule ruleOfName(Path file) throws BpeFormatException {
    String name = file.getFileName().toString();
    Optional<SplitRule> rule = switch (name.replaceAll("\\.tiktoken$", "")) {
      case "r50k_base", "p50k_base", "gpt2" -> Optional.of(SplitRule.gpt2());
      case "cl100k_base" -> Optional.of(SplitRule.cl100k());
      case "o200k_base" -> Optional.of(SplitRule.o200k());
      default -> Optional.empty();
    };
    return rule.orElseThrow(() -> new BpeFormatException(file, "a rank file of tiktoken does not say how text is split, and no rule is known for the name "
        + name + " (known are r50k_base, p50k_base, cl100k_base, o200k_base); load it with its split rule"));
  }

  static BpeTokenizer loadTiktoken(Path file, SplitRule rule, List<AddedToken> specialTokens) throws IOException {
    byte[] bytes = read(file);
    return tokenizer(file, () -> TiktokenFile.read(bytes, rule.normalizers(), rule.splits(), specialTokens));
  }

  static void save(BpeTokenizer tokenizer, Path file, TokenizerFormat format) throws IOException {
    switch (format) {
      case DALLE -> BpeFile.write(tokenizer, file);
      case HUGGING_FACE -> AtomicFile.write(file, ByteBuffer.wrap(HuggingFaceWriter.write(tokenizer.spec())));
      case TIKTOKEN -> AtomicFile.write(file, ByteBuffer.wrap(TiktokenFile.write(ranks(tokenizer))));
      case GPT2 -> saveGpt2(tokenizer, file);
    }
  }

  private static ModelSpec.Ranks ranks(BpeTokenizer tokenizer) {
    return switch (tokenizer.spec().model()) {
      case ModelSpec.Ranks ranks -> ranks;
      case ModelSpec.Merges merges -> TiktokenFile.ranks(merges).orElseThrow(() -> new IllegalArgumentException("this tokenizer cannot be saved as a rank"
          + " file of tiktoken: its merges do not come in the order of the ids of what they make, or are not of bytes; save it as tokenizer.json"));
    };
  }

  private static void saveGpt2(BpeTokenizer tokenizer, Path folder) throws IOException {
    TokenizerSpec spec = tokenizer.spec();
    if (!(spec.model() instanceof ModelSpec.Merges merges) || !merges.byteLevel() || !spec.normalizers().isEmpty() || !spec.preparations().isEmpty()
        || !spec.splits().equals(SplitRule.gpt2().splits()) || !merges.suffix().isEmpty() || merges.ignoreMerges()) {
      throw new IllegalArgumentException("this tokenizer cannot be saved as vocab.json and merges.txt: these are for merges of bytes with GPT-2's split rule;"
          + " save it as tokenizer.json");
    }
    Files.createDirectories(folder);
    AtomicFile.write(folder.resolve("vocab.json"), ByteBuffer.wrap(Gpt2Files.vocabulary(spec)));
    AtomicFile.write(folder.resolve("merges.txt"), ByteBuffer.wrap(Gpt2Files.merges(merges)));
  }

  private static byte[] read(Path file) throws IOException {
    return BoundedFile.read(file, MAX_FILE_BYTES, "vocabulary");
  }

  private static int firstVisible(byte[] bytes) {
    for (byte unit : bytes) {
      if (unit != ' ' && unit != '\t' && unit != '\n' && unit != '\r') {
        return unit;
      }
    }
    return -1;
  }

  private static BpeTokenizer tokenizer(Path file, Reading reading) throws IOException {
    try {
      return new BpeTokenizer(reading.read());
    } catch (FormatProblem | IllegalArgumentException e) {
      throw new BpeFormatException(file, e.getMessage());
    }
  }
}
