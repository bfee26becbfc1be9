package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.DType;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.picture.ContactSheet;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.RunConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that use trained models. */
class PictureCommandsTest {
  @TempDir static Path shared;
  private static Path run;
  private static Path red;
  private static Path blue;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    Path pictures = TinyRun.pictures(shared.resolve("pictures"));
    run = TinyRun.train(shared.resolve("run"), pictures, TinyRun.write(shared.resolve("tiny.json"), TinyRun.config()));
    red = pictures.resolve("p0.png");
    blue = pictures.resolve("p2.png");
  }

  private static TokenFile tokens(String json) {
    return ConfigJson.parse(json, "test", TokenFile.class);
  }

  @Test
  void picturesToTokensAndBack() throws IOException {
    Cli printed = Cli.run("encode", red, blue, "--weights", run);
    assertEquals(0, printed.status(), printed.err());
    TokenFile tokens = tokens(printed.out());
    assertEquals(2, tokens.pixelsPerToken());
    assertEquals(8, tokens.pictures().getFirst().rows());
    assertEquals(8, tokens.pictures().getFirst().columns());
    assertEquals(32, tokens.vocabulary());
    assertEquals(List.of(red.toString(), blue.toString()), tokens.pictures().stream().map(TokenFile.Entry::picture).toList());
    Path file = folder.resolve("deep/both.json");
    assertEquals(List.of(file.toString()), Cli.lines("encode", red, blue, "--weights", run.resolve("dvae.safetensors"), "--out", file));
    assertEquals(printed.out(), Files.readString(file));
    // One picture alone has the same tokens, and both ways out of decode agree with what reconstruct shows.
    assertEquals(tokens.pictures().getFirst(), tokens(Cli.run("encode", red, "--weights", run).out()).pictures().getFirst());
    assertEquals(List.of(folder.resolve("again-1.png").toString(), folder.resolve("again-2.png").toString()),
        Cli.lines("decode", file, "--weights", run, "--out", folder.resolve("again.png")));
    Path sheet = folder.resolve("sheet.png");
    List<String> lines = Cli.lines("reconstruct", red, blue, "--weights", run, "--out", sheet);
    assertEquals(sheet.toString(), lines.getFirst());
    assertTrue(lines.get(1).matches("  .*p0\\.png: [0-9.]+ dB, \\d+ different codes in 64 tokens"), lines.get(1));
    List<Picture> expected = List.of(Picture.filled(16, 16, 0xff0000), PictureFiles.read(folder.resolve("again-1.png")),
        Picture.filled(16, 16, 0x0000ff), PictureFiles.read(folder.resolve("again-2.png")));
    assertEquals(ContactSheet.of(expected, 2, 4), PictureFiles.read(sheet));
    String json = String.join("\n", Cli.lines("reconstruct", red, "--weights", run, "--out", sheet, "--json"));
    assertTrue(json.contains("\"psnr\" : ") && json.contains("\"tokens\" : 64"), json);
  }

  @Test
  void tokensThatDoNotFit() throws IOException {
    String good = Cli.run("encode", red, "--weights", run).out();
    Path file = folder.resolve("t.json");
    Path out = folder.resolve("o.png");
    TokenFile tokens = tokens(good);
    int first = tokens.pictures().getFirst().ids().getFirst().getFirst();
    Files.writeString(file, good.replaceFirst("(\"ids\"\\s*:\\s*\\[\\s*\\[\\s*)" + first, "$132"));
    assertEquals(file + ": pictures[0].ids[0][0]: expected a token from 0 to 31, found 32",
        Cli.failure("decode", file, "--weights", run, "--out", out).replace("pictures[0]: ", ""));
    TokenFile coarse = TokenFile.of(DvaeConfig.plain(8, 8, 3, 1, 32, 8), List.of("x"), List.of(new TokenGrid(2, 2, new int[4])));
    Files.writeString(file, ConfigJson.write(coarse));
    assertEquals(file + ": holds tokens of another dVAE: of 4 x 4 pixels each and a vocabulary of 32, these weights have 2 x 2 and 32; name the right weights",
        Cli.failure("decode", file, "--weights", run, "--out", out));
    Files.writeString(file, good.replaceFirst("\"version\"\\s*:\\s*2", "\"version\": 3"));
    assertEquals(file + ": version: expected 2, found 3; it was written by a newer release, use that one",
        Cli.failure("decode", file, "--weights", run, "--out", out));
    Files.writeString(file, "{\"format\": \"dalle-image-tokens\", \"version\": 1, \"grid\": 1, \"vocabulary\": 32, \"pictures\": []}");
    assertEquals(file + ": version: expected 2, found 1; it was written by an older release, encode the pictures again",
        Cli.failure("decode", file, "--weights", run, "--out", out));
    Files.writeString(file, good.replaceFirst("\"rows\"\\s*:\\s*8", "\"rows\": 7"));
    assertTrue(Cli.failure("decode", file, "--weights", run, "--out", out).endsWith("pictures[0].ids: expected 7 rows, found 8"));
    Files.writeString(file, good.replaceFirst("\"columns\"\\s*:\\s*8", "\"columns\": 9"));
    assertTrue(Cli.failure("decode", file, "--weights", run, "--out", out).endsWith("pictures[0].ids[0]: expected 9 tokens, found 8"));
    Files.writeString(file, good.replaceFirst("\"columns\"\\s*:\\s*8", "\"columns\": 0"));
    assertTrue(Cli.failure("decode", file, "--weights", run, "--out", out).endsWith("pictures[0]: expected at least 1 row and 1 column, found 8 x 0"));
    Files.writeString(file, good.substring(0, good.length() / 2));
    assertTrue(Cli.failure("decode", file, "--weights", run, "--out", out).contains("not valid JSON"));
    assertEquals(folder.resolve("none.json") + ": no such file", Cli.failure("decode", folder.resolve("none.json"), "--weights", run, "--out", out));
    assertFalse(Files.exists(out));
  }

  /** Photos whole, of different sizes, with sides that tokens do not divide: the same tokens and pixels however they are tiled. */
  @Test
  void wholePicturesOfAnySize() throws IOException {
    Path wide = photo(23, 70, "wide.png");
    Path high = photo(41, 18, "high.png");
    Cli printed = Cli.run("encode", wide, high, wide, red, "--whole", "--weights", run);
    assertEquals(0, printed.status(), printed.err());
    TokenFile tokens = tokens(printed.out());
    assertEquals(List.of("11 x 35", "20 x 9", "11 x 35", "8 x 9"), tokens.pictures().stream().map(entry -> entry.rows() + " x " + entry.columns()).toList());
    assertEquals(tokens.pictures().get(0), tokens.pictures().get(2));
    assertTrue(tokens.pictures().getFirst().ids().stream().flatMap(List::stream).distinct().count() > 3, printed.out());
    // Pixels that are over are cut off at both ends.
    Path cut = folder.resolve("cut.png");
    PictureFiles.writePng(PictureFiles.read(high).crop(0, 0, 40, 18), cut);
    assertEquals(tokens.pictures().get(1).ids(), tokens(Cli.run("encode", cut, "--whole", "--weights", run).out()).pictures().getFirst().ids());
    assertEquals(printed.out(), Cli.run("encode", wide, high, wide, red, "--whole", "--weights", run, "--tile", 3).out());

    Path file = Files.writeString(folder.resolve("t.json"), printed.out());
    Path out = folder.resolve("again.png");
    List<String> lines = Cli.lines("decode", file, "--weights", run, "--out", out);
    assertEquals(4, lines.size());
    List<Picture> again = lines.stream().map(line -> PictureFiles.read(Path.of(line))).toList();
    assertEquals(List.of("Picture[70 x 22]", "Picture[18 x 40]", "Picture[70 x 22]", "Picture[18 x 16]"), again.stream().map(Picture::toString).toList());
    Cli.lines("decode", file, "--weights", run, "--out", out, "--tile", 5);
    assertEquals(again, lines.stream().map(line -> PictureFiles.read(Path.of(line))).toList());

    Path sheet = folder.resolve("sheet.png");
    lines = Cli.lines("reconstruct", wide, high, "--whole", "--weights", run, "--out", sheet, "--tile", 4);
    assertTrue(lines.get(1).endsWith(" different codes in 385 tokens") && lines.get(2).endsWith(" different codes in 180 tokens"), lines.toString());
    assertEquals(ContactSheet.of(List.of(PictureFiles.read(wide).crop(0, 0, 22, 70), again.get(0), PictureFiles.read(high).crop(0, 0, 40, 18), again.get(1)),
        2, 4), PictureFiles.read(sheet));

    // Without --whole the middle square, as ever.
    assertEquals(8, tokens(Cli.run("encode", wide, "--weights", run, "--tile", 3).out()).pictures().getFirst().rows());
    Path thin = photo(1, 40, "thin.png");
    assertEquals(thin + ": expected a picture of at least 2 pixels on its short side, got 40 x 1; leave it out or enlarge it",
        Cli.failure("encode", thin, "--whole", "--weights", run));
    assertEquals("--tile: expected 1 token or more, got 0", Cli.misuse("encode", wide, "--whole", "--weights", run, "--tile", 0));
  }

  /** Colours that change from place to place. */
  private Path photo(int height, int width, String name) throws IOException {
    byte[] rgb = new byte[height * width * 3];
    new java.util.Random(height).nextBytes(rgb);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((rgb[i] & 0x3f) + i * 3 % 192);
    }
    Path file = folder.resolve(name);
    PictureFiles.writePng(new Picture(height, width, rgb), file);
    return file;
  }

  @Test
  void picturesThatDoNotFitIntoMemoryAreRefused() {
    DvaeConfig paper = DvaeConfig.paper();
    long one = ImageTokens.bytesNeeded(paper, DType.F32, 1, 32, 60, 50);
    assertEquals(1, PictureCodec.batch(paper, DType.F32, 32, 1, 60, 50, one));
    String message = assertThrows(CommandException.class, () -> PictureCodec.batch(paper, DType.F32, 32, 1, 60, 50, one - 1)).getMessage();
    assertTrue(message.matches("too little memory: a picture of 400 x 480 pixels takes [0-9.]+ GiB beside the model in tiles of 32 tokens, [0-9.]+ GiB are"
        + " available; use smaller tiles \\(--tile\\), or end other programs"), message);
    long two = ImageTokens.bytesNeeded(paper, DType.F32, 2, 32, 32, 32);
    assertEquals(2, PictureCodec.batch(paper, DType.F32, 32, 9, 32, 32, two));
  }

  @Test
  void badPictures() throws IOException {
    Path none = folder.resolve("none.png");
    assertEquals(none + ": does not exist; check the path, or the list that names it", Cli.failure("encode", none, "--weights", run));
    byte[] whole = Files.readAllBytes(red);
    Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length - 20));
    String message = Cli.failure("encode", red, cut, "--weights", run);
    assertTrue(message.startsWith(cut.toString()) && message.contains("truncated"), message);
    Path text = Files.writeString(folder.resolve("text.png"), "no picture");
    assertTrue(Cli.failure("reconstruct", text, "--weights", run, "--out", folder.resolve("o.png")).startsWith(text + ": is not a picture"));
    Path tiny = folder.resolve("tiny.png");
    PictureFiles.writePng(Picture.filled(15, 20, 0), tiny);
    String small = Cli.failure("encode", tiny, "--weights", run);
    assertTrue(small.startsWith(tiny + ": expected a picture of at least the model's 16 pixels on its short side, got ")
        && small.endsWith("; leave it out, or take it at its own size with --whole"), small);
  }

  @Test
  void wrongWeights() throws IOException {
    Path transformer = run.resolve("transformer.safetensors");
    assertEquals(transformer + ": expected weights of format dalle-dvae, found dalle-transformer",
        Cli.failure("encode", red, "--weights", transformer));
    Path none = folder.resolve("dvae.safetensors");
    assertTrue(Cli.failure("encode", red, "--weights", folder).startsWith("no weights of a dVAE at " + none + ": name a run or a file"));
    byte[] whole = Files.readAllBytes(run.resolve("dvae.safetensors"));
    Files.write(none, Arrays.copyOf(whole, whole.length / 2));
    assertTrue(Cli.failure("encode", red, "--weights", folder).startsWith(none.toString()));
    // A version from the future, of the same length so that the header stays whole.
    String header = new String(whole, StandardCharsets.ISO_8859_1).replaceFirst("\"version\":\"1\"", "\"version\":\"2\"");
    Files.write(none, header.getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(none + ": expected version 1 of dalle-dvae, found 2; use the release that wrote it, or a newer one",
        Cli.failure("encode", red, "--weights", folder));
    Files.writeString(none, "x");
    assertEquals(none + ": expected a file of safetensors or of torch.save, found bytes 78 at its beginning", Cli.failure("encode", red, "--weights", folder));
  }

  @Test
  void drawingIsAFunctionOfTheSeed() throws IOException {
    Path out = folder.resolve("a");
    List<String> lines = Cli.lines("generate", "A red Square!", "das größte Quadrat", "--weights", run, "--out", out, "--count", 2, "--seed", 3);
    assertEquals(List.of("a-red-square_1.png", "a-red-square_2.png", "das-gro-te-quadrat_1.png", "das-gro-te-quadrat_2.png", "sheet_all.png"),
        lines.stream().map(line -> out.relativize(Path.of(line)).toString()).toList());
    Picture first = PictureFiles.read(out.resolve("a-red-square_1.png"));
    assertEquals(16, first.width());
    assertEquals(2 * 16 + 3 * 4, PictureFiles.read(out.resolve("sheet_all.png")).height());
    Path again = folder.resolve("b");
    Cli.lines("generate", "A red Square!", "das größte Quadrat", "--weights", run, "--out", again, "--count", 2, "--seed", 3);
    for (String line : lines) {
      assertArrayEquals(Files.readAllBytes(Path.of(line)), Files.readAllBytes(again.resolve(out.relativize(Path.of(line)))));
    }
    Cli.lines("generate", "A red Square!", "--weights", run, "--out", again, "--count", 2, "--seed", 4);
    assertNotEquals(first, PictureFiles.read(again.resolve("a-red-square_1.png")));
    // Without chance, whatever the seed.
    Path cold = folder.resolve("c");
    Cli json = Cli.run("generate", "red", "red", "--weights", run, "--out", cold, "--count", 1, "--temperature", 0, "--json");
    assertEquals(0, json.status(), json.err());
    assertTrue(json.out().contains("red_1_1.png") && json.out().contains("red_2_1.png"), json.out());
    assertEquals(PictureFiles.read(cold.resolve("red_1_1.png")), PictureFiles.read(cold.resolve("red_2_1.png")));
    Cli.lines("generate", "red", "--weights", run, "--out", cold, "--count", 1, "--top-k", 1, "--seed", 99);
    assertEquals(PictureFiles.read(cold.resolve("red_1_1.png")), PictureFiles.read(cold.resolve("red_1.png")));
  }

  @Test
  void drawingThatCannotBe() throws IOException {
    assertEquals("a caption is empty; say what to draw", Cli.misuse("generate", " ", "--weights", run));
    assertEquals("--temperature: expected 0 (the greatest score) to 1000000, got -1.0", Cli.misuse("generate", "x", "--weights", run, "--temperature", "-1"));
    assertEquals("--top-k: expected at most the 32 tokens of the model, got 33", Cli.misuse("generate", "x", "--weights", run, "--top-k", 33));
    assertEquals("--count: expected 1 or more, got 0", Cli.misuse("generate", "x", "--weights", run, "--count", 0));
    assertEquals("--device: there is no cuda:1 here; there is cpu", Cli.misuse("generate", "x", "--device", "cuda:1"));
    assertTrue(Cli.misuse("generate", "--weights", run).contains("CAPTION"));
    assertTrue(Cli.failure("generate", "x", "--weights", folder).startsWith("no vocabulary at " + folder.resolve("tokenizer.bpe")));
    Path big = folder.resolve("big.bpe");
    Path text = Files.writeString(folder.resolve("text.txt"), "abcdefghijklmnopqrstuvwxyz zyxwvutsrqponmlkjihgfedcba acegikmoqsuwy\n");
    Cli.lines("tokenizer", "train", text, "--vocab-size", 310, "--min-frequency", 1, "--out", big);
    assertTrue(Cli.failure("generate", "x", "--weights", withoutHashes(), "--dvae", run.resolve("dvae.safetensors"), "--vocab", big)
        .startsWith("the vocabulary file has 310 tokens, "));
    String words = "many words ".repeat(9);
    Cli cut = Cli.run("generate", words, "--weights", run, "--out", folder.resolve("cut"), "--count", 1);
    assertEquals(0, cut.status(), cut.err());
    assertTrue(cut.err().contains("the model reads the first 15"), cut.err());
  }

  @Test
  void modelsOfDifferentRuns() throws IOException {
    RunConfig other = TinyRun.config();
    String json = ConfigJson.write(other).replaceAll("(\"vocabulary\"|\"imageVocabulary\")(\\s*:\\s*)32", "$1$216");
    Path config = Files.writeString(folder.resolve("other.json"), json);
    Path otherRun = folder.resolve("other");
    Cli.lines("train", "dvae", "--config", config, "--data", shared.resolve("pictures"), "--out", otherRun);
    Path dvae = otherRun.resolve("dvae.safetensors");
    String message = Cli.failure("generate", "x", "--weights", withoutHashes(), "--dvae", dvae, "--vocab", run.resolve("tokenizer.bpe"), "--out",
        folder.resolve("g"));
    assertTrue(message.contains("draws a grid of 8 x 8 tokens of 32") && message.contains("takes 8 x 8 tokens of 16; use models of one run"), message);
    Path tokens = folder.resolve("t.json");
    Cli.lines("encode", red, "--weights", run, "--out", tokens);
    assertTrue(Cli.failure("decode", tokens, "--weights", otherRun, "--out", folder.resolve("o.png")).contains("a vocabulary of 32"));
  }

  /** Another dVAE and another vocabulary of the same sizes would draw without complaint. */
  @Test
  void modelsOfRunsOfTheSameSizes() throws IOException {
    Path config = TinyRun.write(folder.resolve("seed.json"), TinyRun.config());
    Path other = folder.resolve("other");
    Cli.lines("train", "dvae", "--config", config, "--seed", 6, "--data", shared.resolve("pictures"), "--out", other);
    Path ours = run.resolve("dvae.safetensors");
    Path theirs = other.resolve("dvae.safetensors");
    Path out = folder.resolve("g");
    String start = run.resolve("transformer.safetensors") + " was trained with ";
    String dvae = "dVAE " + FileHash.sha256(ours).substring(0, 12) + ", " + theirs + " is " + FileHash.sha256(theirs).substring(0, 12);
    assertEquals(start + dvae + ": use the files of one run", Cli.failure("generate", "x", "--weights", run, "--dvae", theirs, "--out", out));
    Path bpe = run.resolve("tokenizer.bpe");
    Path text = Files.writeString(folder.resolve("text.txt"), "nothing of the kind, nothing of the kind\n");
    Path words = folder.resolve("words.bpe");
    Cli.lines("tokenizer", "train", text, "--vocab-size", 260, "--min-frequency", 1, "--out", words);
    String vocabulary = "vocabulary " + FileHash.sha256(bpe).substring(0, 12) + ", " + words + " is " + FileHash.sha256(words).substring(0, 12);
    assertEquals(start + vocabulary + ": use the files of one run", Cli.failure("generate", "x", "--weights", run, "--vocab", words, "--out", out));
    assertEquals(start + dvae + ", and with " + vocabulary + ": use the files of one run",
        Cli.failure("generate", "x", "--weights", run, "--dvae", theirs, "--vocab", words, "--out", out));
    // Another program's form of a vocabulary, a folder of two files, is another vocabulary.
    Path pair = Files.createDirectory(folder.resolve("pair"));
    Path vocab = Files.writeString(pair.resolve("vocab.json"), "{\"a\": 0}");
    Files.writeString(pair.resolve("merges.txt"), "#version: 0.2\n");
    assertEquals(start + "vocabulary " + FileHash.sha256(bpe).substring(0, 12) + ", " + pair + " is " + FileHash.sha256(vocab).substring(0, 12)
        + ": use the files of one run", Cli.failure("generate", "x", "--weights", run, "--vocab", pair, "--out", out));
    assertFalse(Files.exists(out));
    // Weights of a release that recorded nothing are taken as they are.
    Cli.lines("generate", "x", "--weights", withoutHashes(), "--dvae", theirs, "--vocab", words, "--count", 1, "--out", out);
  }

  /** The transformer as a release before hashes wrote it; of the same length, so that the header stays whole. */
  private Path withoutHashes() throws IOException {
    String weights = new String(Files.readAllBytes(run.resolve("transformer.safetensors")), StandardCharsets.ISO_8859_1);
    Path old = folder.resolve("old.safetensors");
    Files.write(old, weights.replace("dvae-sha256", "dvae-sha000").replace("vocabulary-sha256", "vocabulary-sha000").getBytes(StandardCharsets.ISO_8859_1));
    return old;
  }
}
