package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.Sampler;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate}: settings, guidance, and pictures that are drawn again from what their files say. */
class GenerateCommandTest {
  /** An emoji, quotes, two lines, signs of other scripts. */
  private static final String CAPTION = "a \"red\" \uD83E\uDD8A\n\u8d64\u3044 Quadr\u00e4tchen";

  @TempDir static Path shared;
  private static Path run;
  private static Path square;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    Path pictures = TinyRun.pictures(shared.resolve("pictures"));
    RunConfig config = TinyRun.config();
    config = config.with(config.dvae(), config.transformer().withCaptionDropout(0.3));
    run = TinyRun.train(shared.resolve("run"), pictures, TinyRun.write(shared.resolve("tiny.json"), config));
    square = pictures.resolve("p0.png");
  }

  private static Picture picture(Path file) {
    return PictureFiles.read(file);
  }

  /** As many at a time as fit; a model that does not fit at all is refused. */
  @Test
  void batchesFitInMemory() {
    TransformerConfig model = TransformerConfig.of(16, 8, 300, 64, 4, 64, 4);
    long one = Sampler.bytesNeeded(model, DType.F32, 1, false);
    long sixteen = Sampler.bytesNeeded(model, DType.F32, 16, false);
    assertTrue(one < Sampler.bytesNeeded(model, DType.F32, 1, true));
    assertEquals(64, DrawingModels.batch(model, Compute.F32, 64, false, Long.MAX_VALUE));
    assertEquals(16, DrawingModels.batch(model, Compute.F32, 64, false, sixteen));
    assertEquals(8, DrawingModels.batch(model, Compute.F32, 64, false, sixteen - 1));
    assertEquals(1, DrawingModels.batch(model, Compute.F32, 64, false, one));
    String message = assertThrows(CommandException.class, () -> DrawingModels.batch(model, Compute.F32, 64, false, one - 1)).getMessage();
    assertTrue(message.startsWith("too little memory: drawing one image takes "), message);
  }

  @Test
  void everyFileSaysHowItWasDrawn() throws IOException {
    List<String> lines = Cli.lines("generate", "red", CAPTION, "--weights", run, "--out", folder, "--count", 2, "--seed", -9, "--temperature", 0.9,
        "--top-k", 30, "--top-p", 0.95, "--guidance", 1.5, "--threads", 1);
    Map<String, String> texts = PictureFiles.pngTexts(Path.of(lines.get(3)));
    assertEquals(List.of("Description", "Software", "dalle.caption", "dalle.seed", "dalle.settings", "dalle.models"), List.copyOf(texts.keySet()));
    assertEquals(CAPTION, texts.get("Description"));
    PictureRecipe recipe = PictureRecipe.of(Path.of(lines.get(3)));
    assertEquals(CAPTION, recipe.caption());
    assertEquals(-9, recipe.seed());
    assertEquals("""
        {
          "format" : "dalle-picture",
          "version" : 1,
          "prompt" : 1,
          "image" : 1,
          "temperature" : 0.9,
          "topK" : 30,
          "topP" : 0.95,
          "guidance" : 1.5,
          "keepRows" : 0,
          "prefix" : [ ],
          "compute" : "f32",
          "threads" : 1,
          "device" : "cpu"
        }
        """, texts.get("dalle.settings"));
    assertEquals(new ModelHashes(FileHash.sha256(run.resolve("transformer.safetensors")), FileHash.sha256(run.resolve("dvae.safetensors")),
        FileHash.sha256(run.resolve("tokenizer.bpe"))), recipe.models());
    assertTrue(recipe.models().dvae().matches("[0-9a-f]{64}"));
    assertEquals(Map.of(), PictureFiles.pngTexts(folder.resolve("sheet_all.png")));
  }

  /** Out of another batch, with another number of neighbours: the same file, byte for byte. */
  @Test
  void onePictureOfManyIsDrawnAgain() throws IOException {
    Path many = folder.resolve("many");
    List<String> lines = Cli.lines("generate", "blue", CAPTION, "--weights", run, "--out", many, "--count", 40, "--seed", 12, "--temperature", 1.1,
        "--top-k", 31, "--top-p", 0.97, "--guidance", 1.7);
    assertEquals(81, lines.size());
    List<byte[]> all = new ArrayList<>();
    for (String line : lines) {
      all.add(Files.readAllBytes(Path.of(line)));
    }
    for (int chosen : new int[] {0, 63, 64, 79}) {
      Path again = folder.resolve("again").resolve(many.relativize(Path.of(lines.get(chosen))).toString().replace(".png", "_again.png"));
      assertEquals(List.of(again.toString()), Cli.lines("generate", "--like", lines.get(chosen), "--weights", run, "--out", folder.resolve("again")));
      assertArrayEquals(all.get(chosen), Files.readAllBytes(again), lines.get(chosen));
    }
    assertNotEquals(picture(Path.of(lines.get(0))), picture(Path.of(lines.get(79))));
    // What was repeated can be repeated.
    Path again = folder.resolve("again/blue_1_again.png");
    String json = String.join("\n", Cli.lines("generate", "--like", again, "--weights", run, "--out", folder, "--json"));
    assertTrue(json.contains("blue_1_again_again.png") && json.contains("\"topP\" : 0.97") && !json.contains("sheet"), json);
    assertArrayEquals(all.getFirst(), Files.readAllBytes(folder.resolve("blue_1_again_again.png")));
    // Two captions that are the same are drawn with numbers of their own.
    List<String> twice = Cli.lines("generate", "blue", "blue", "--weights", run, "--out", folder, "--count", 1);
    assertNotEquals(picture(Path.of(twice.get(0))), picture(Path.of(twice.get(1))));
    Cli.lines("generate", "--like", twice.get(1), "--weights", run, "--out", folder);
    assertEquals(picture(Path.of(twice.get(1))), picture(folder.resolve("blue_2_1_again.png")));
  }

  @Test
  void aPictureThatCannotBeWrittenLeavesThoseBeforeIt() throws IOException {
    // The seventieth cannot be written: a folder with something in it is in the way.
    Files.writeString(Files.createDirectories(folder.resolve("red_70.png")).resolve("x"), "x");
    Cli result = Cli.run("generate", "red", "--weights", run, "--out", folder, "--count", 80);
    assertEquals(1, result.status());
    assertEquals(IntStream.rangeClosed(1, 69).mapToObj(i -> folder.resolve("red_" + i + ".png").toString()).toList(), result.out().lines().toList());
    assertTrue(result.err().startsWith("dalle: cannot write the picture " + folder.resolve("red_70.png")), result.err());
    assertTrue(Files.exists(folder.resolve("red_69.png")) && !Files.exists(folder.resolve("red_71.png")));
  }

  @Test
  void repeatingThatCannotBe() throws IOException {
    Path drawn = Path.of(Cli.lines("generate", "red", "--weights", run, "--out", folder, "--count", 1).getFirst());
    assertEquals("--like: the picture has its own settings; leave --seed out", Cli.misuse("generate", "--like", drawn, "--seed", 1));
    assertEquals("--like: the picture has its own settings; leave --top-p out", Cli.misuse("generate", "--like", drawn, "--top-p", 1));
    assertEquals("--like: the picture has its own settings; leave --threads out", Cli.misuse("generate", "--like", drawn, "--threads", 2));
    assertEquals("--like: the picture has its own caption; leave \"blue\" out", Cli.misuse("generate", "blue", "--like", drawn));
    assertEquals("a CAPTION is missing; say what to draw, or name a picture with --like", Cli.misuse("generate", "--weights", run));
    Path none = folder.resolve("none.png");
    assertEquals(none + ": does not exist; check the path, or the list that names it", Cli.failure("generate", "--like", none, "--weights", run));
    assertEquals(square + ": does not say how it was drawn, the text dalle.caption is not in it; only pictures of dalle generate and dalle complete as they"
        + " wrote them can be repeated", Cli.failure("generate", "--like", square, "--weights", run));
    Path text = Files.writeString(folder.resolve("text.png"), "no picture");
    assertEquals(text + ": is not a PNG file; texts are read from PNG files only", Cli.failure("generate", "--like", text, "--weights", run));
    assertEquals(message(drawn, "dalle.seed", "1", "x"), folder.resolve("changed.png") + ", text dalle.seed: expected a whole number of 64 bits, found 'x'");
    assertEquals(message(drawn, "dalle.settings", "\"image\" : 0", "\"image\" : -1"), folder.resolve("changed.png") + ", text dalle.settings: expected"
        + " prompt, image and keepRows of 0 or more and 1 to 1024 threads, found prompt 0, image -1, keepRows 0, threads "
        + Runtime.getRuntime().availableProcessors());
    assertEquals(message(drawn, "dalle.settings", "\"version\" : 1", "\"version\" : 2"), folder.resolve("changed.png") + ", text dalle.settings: expected"
        + " format dalle-picture version 1, found dalle-picture version 2; use the release that wrote it, or a newer one");
    assertEquals(message(drawn, "dalle.settings", "\"topP\" : 1.0", "\"topP\" : 2.0"), folder.resolve("changed.png")
        + ", text dalle.settings: top-p: expected more than 0, at most 1 (off), got 2.0");
    String misfit = folder.resolve("changed.png") + ", text dalle.settings: does not fit the model, which has a grid of 8 x 8 tokens of 32; the text was"
        + " changed";
    assertEquals(misfit, message(drawn, "dalle.settings", "\"topK\" : 0", "\"topK\" : 33"));
    assertEquals(misfit, message(drawn, "dalle.settings", "\"keepRows\" : 0", "\"keepRows\" : 1"));
    assertEquals(misfit, message(drawn, "dalle.settings", "\"prefix\" : [ ]", "\"prefix\" : [ 1 ]"));
    assertTrue(message(drawn, "dalle.settings", "{", "[").contains("not valid JSON"));
    assertTrue(message(drawn, "dalle.models", "\"dvae\"", "\"codes\"").contains("text dalle.models: codes: unknown key"));
  }

  /** What is said about a picture of which one text was changed. */
  private String message(Path drawn, String key, String before, String after) {
    Map<String, String> texts = new LinkedHashMap<>(PictureFiles.pngTexts(drawn));
    assertTrue(texts.get(key).contains(before), texts.get(key));
    texts.put(key, texts.get(key).replace(before, after));
    Path changed = folder.resolve("changed.png");
    PictureFiles.writePng(picture(drawn), texts, changed);
    return Cli.failure("generate", "--like", changed, "--weights", run, "--out", folder.resolve("never"));
  }

  @Test
  void aPictureThatComesOutDifferentlyIsSaid() throws IOException {
    Path drawn = Path.of(Cli.lines("generate", "red", "--weights", run, "--out", folder, "--count", 1).getFirst());
    Path painted = folder.resolve("painted.png");
    PictureFiles.writePng(Picture.filled(16, 16, 0x123456), PictureFiles.pngTexts(drawn), painted);
    Cli result = Cli.run("generate", "--like", painted, "--weights", run, "--out", folder);
    Path again = folder.resolve("painted_again.png");
    assertEquals(1, result.status());
    assertEquals(again.toString(), result.out().strip());
    assertEquals("dalle: " + again + " is not the same picture as " + painted + ": that file was changed, or another release or kind of processor drew it",
        result.err().strip());
    assertEquals(picture(drawn), picture(again));
  }

  @Test
  void repeatingWithOtherModels() throws IOException {
    Path drawn = Path.of(Cli.lines("generate", "red", "--weights", run, "--out", folder, "--count", 1).getFirst());
    Path other = Files.createDirectories(folder.resolve("other"));
    for (String name : List.of("transformer.safetensors", "dvae.safetensors", "tokenizer.bpe")) {
      Files.copy(run.resolve(name), other.resolve(name));
    }
    Path vocabulary = other.resolve("tokenizer.bpe");
    Cli.lines("generate", "--like", drawn, "--weights", other, "--out", folder.resolve("same"));
    assertArrayEquals(Files.readAllBytes(drawn), Files.readAllBytes(folder.resolve("same/red_1_again.png")), "it is the content that counts");
    Files.writeString(vocabulary, "changed");
    assertEquals(drawn + ": was drawn with another vocabulary: it names SHA-256 " + FileHash.sha256(run.resolve("tokenizer.bpe")) + ", " + vocabulary + " has "
        + FileHash.sha256(vocabulary) + "; name the right file with --vocab", Cli.failure("generate", "--like", drawn, "--weights", other));
    Path transformer = other.resolve("transformer.safetensors");
    Files.writeString(transformer, "changed");
    assertTrue(Cli.failure("generate", "--like", drawn, "--weights", other).startsWith(drawn + ": was drawn with another transformer: it names SHA-256 "
        + FileHash.sha256(run.resolve("transformer.safetensors")) + ", " + transformer + " has " + FileHash.sha256(transformer)));
    Path dvae = Files.writeString(folder.resolve("d.safetensors"), "changed");
    assertTrue(Cli.failure("generate", "--like", drawn, "--weights", run, "--dvae", dvae).startsWith(drawn + ": was drawn with another dVAE: it names"));
  }

  @Test
  void guidanceNeedsAModelThatKnowsPicturesWithoutACaption() throws IOException {
    assertEquals("--guidance: expected 0 (without the caption) to 1000, 1 being off, got NaN",
        Cli.misuse("generate", "x", "--weights", run, "--guidance", "NaN"));
    Path other = Files.createDirectories(folder.resolve("other"));
    for (String name : List.of("transformer.safetensors", "dvae.safetensors", "tokenizer.bpe", "manifest.json")) {
      Files.copy(run.resolve(name), other.resolve(name));
    }
    Path manifest = other.resolve("manifest.json");
    Files.writeString(manifest, Files.readString(manifest).replaceFirst("\"captionDropout\" : 0.3", "\"captionDropout\" : 0.0"));
    String message = "--guidance: " + manifest + " says that no caption was left out in training (captionDropout is 0), so the model does not know pictures"
        + " without one; leave the option out, or train with a captionDropout such as 0.1";
    assertEquals(message, Cli.failure("generate", "x", "--weights", other, "--guidance", 2));
    assertEquals(message, Cli.failure("generate", "x", "--weights", other.resolve("transformer.safetensors"), "--guidance", 2));
    assertEquals(message, Cli.failure("generate", "x", "--weights", other, "--guidance", 0));
    // Off is off, and a file of which nothing is known is taken at its word.
    Path out = folder.resolve("out");
    Cli.lines("generate", "x", "--weights", other, "--guidance", 1, "--count", 1, "--out", out);
    Path plain = Files.copy(other.resolve("transformer.safetensors"), other.resolve("mine.safetensors"));
    Cli unknown = Cli.run("generate", "x", "--weights", plain, "--guidance", 1000, "--count", 1, "--out", folder.resolve("unknown"));
    assertEquals(0, unknown.status(), unknown.err());
    assertEquals("dalle: nothing is known about how " + plain + " was trained; guidance works only if captions were left out (captionDropout)",
        unknown.err().strip());
    Cli known = Cli.run("generate", "x", "--weights", run, "--guidance", 1000, "--count", 1, "--out", folder.resolve("known"));
    assertEquals("", known.err());
    assertEquals(picture(folder.resolve("known/x_1.png")), picture(folder.resolve("unknown/x_1.png")));
    assertNotEquals(picture(out.resolve("x_1.png")), picture(folder.resolve("known/x_1.png")));
  }
}
