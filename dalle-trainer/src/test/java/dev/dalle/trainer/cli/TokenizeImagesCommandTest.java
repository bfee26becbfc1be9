package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.shards.ShardPart;
import dev.dalle.trainer.shards.TokenShards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TokenizeImagesCommandTest {
  @TempDir static Path shared;
  private static Path run;
  private static Path pictures;

  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    pictures = TinyRun.pictures(shared.resolve("pictures"));
    run = shared.resolve("run");
    Cli.lines("train", "dvae", "--config", TinyRun.write(shared.resolve("tiny.json"), TinyRun.config()), "--data", pictures, "--out", run);
  }

  /** The data are those of the run, and the tokens those that dalle encode has. */
  @Test
  void theTokensOfTheRunsOwnPictures() throws IOException {
    Path out = folder.resolve("tokens");
    List<String> lines = Cli.lines("tokenize-images", "--weights", run, "--out", out, "--shard-size", 5, "--batch", 3);
    assertEquals(out + ": 11 pictures for training, 1 held out, in 4 shards", lines.getFirst());
    assertTrue(lines.get(1).matches("  encoded 12 in [0-9.]+ s, [0-9.]+ pictures/s"), lines.get(1));
    assertEquals(2, lines.size());
    TokenShards shards = TokenShards.open(out);
    int seen = 0;
    for (ShardPart part : ShardPart.values()) {
      TokenShards.Examples found = shards.read(part);
      for (int i = 0; i < found.captions().size(); i++, seen++) {
        String caption = found.captions().get(i);
        Path picture = pictures.resolve("p" + caption.substring(caption.lastIndexOf(' ') + 1) + ".png");
        TokenFile encoded = ConfigJson.parse(Cli.run("encode", picture, "--weights", run).out(), "test", TokenFile.class);
        assertArrayEquals(encoded.grids().getFirst().ids(), found.tokens()[i], caption);
      }
    }
    assertEquals(12, seen);
    JsonNode again = JsonMapper.shared().readTree(String.join("\n",
        Cli.lines("tokenize-images", "--weights", run, "--out", out, "--shard-size", 5, "--batch", 3, "--workers", 4, "--json")));
    assertEquals("[\"out\",\"training\",\"heldOut\",\"skipped\",\"shards\",\"keptShards\",\"encoded\",\"seconds\",\"picturesPerSecond\"]",
        JsonMapper.shared().writeValueAsString(again.propertyNames()));
    assertEquals(4, again.get("keptShards").intValue());
    assertEquals(0, again.get("encoded").intValue());
    assertEquals(11, again.get("training").intValue());
  }

  /** The published encoder alone, as it is; pictures of its size. */
  @Test
  void byPublishedWeights() throws IOException {
    Path published = Path.of("").toAbsolutePath().getParent().resolve("dalle-dvae/src/test/resources/dev/dalle/dvae/published");
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (int i = 0; i < 3; i++) {
      byte[] rgb = new byte[256 * 270 * 3];
      new Random(i).nextBytes(rgb);
      PictureFiles.writePng(new Picture(256, 270, rgb), photos.resolve("p" + i + ".png"));
      Files.writeString(photos.resolve("p" + i + ".txt"), "photo " + i);
    }
    Path encoder = published.resolve("encoder.pkl");
    Path out = folder.resolve("tokens");
    Cli.lines("tokenize-images", "--data", photos, "--weights", encoder, "--out", out);
    TokenShards shards = TokenShards.open(out);
    assertEquals(FileHash.sha256(encoder), shards.manifest().recipe().model().sha256());
    TokenShards.Examples found = shards.read(ShardPart.TRAINING);
    for (int i = 0; i < found.captions().size(); i++) {
      Path picture = photos.resolve("p" + found.captions().get(i).substring(6) + ".png");
      TokenFile encoded = ConfigJson.parse(Cli.run("encode", picture, "--weights", encoder).out(), "test", TokenFile.class);
      assertArrayEquals(encoded.grids().getFirst().ids(), found.tokens()[i]);
    }
    assertTrue(found.captions().size() >= 2, found.captions()::toString);
    Path decoder = published.resolve("decoder.pkl");
    assertTrue(Cli.failure("tokenize-images", "--data", photos, "--weights", decoder, "--out", folder.resolve("none"))
        .startsWith(decoder + ": holds no encoder, which this command needs"));
    assertFalse(Files.exists(folder.resolve("none")));
    Cli.lines("tokenize-images", "--data", photos, "--weights", encoder, "--weights", decoder, "--out", folder.resolve("two"));
  }

  @Test
  void aBrokenPictureAmongThem() throws IOException {
    Path broken = TinyRun.pictures(folder.resolve("broken"));
    Path bad = broken.resolve("p3.png");
    Files.write(bad, Arrays.copyOf(Files.readAllBytes(bad), 60));
    Path out = folder.resolve("tokens");
    String message = Cli.failure("tokenize-images", "--data", broken, "--weights", run, "--out", out, "--shard-size", 4);
    assertTrue(message.startsWith("data set broken, example p3.png: " + bad + ": ") && message.contains("truncated")
        && message.endsWith("; --skip-bad leaves such pictures out, and the shards before it are kept"), message);
    List<String> lines = Cli.lines("tokenize-images", "--data", broken, "--weights", run, "--out", out, "--shard-size", 4, "--skip-bad");
    assertTrue(lines.getFirst().startsWith(out + ": 10 pictures for training, 1 held out, in 4 shards, "), lines.getFirst());
    assertEquals("  skipped 1 that could not be read, listed in " + out.resolve("manifest.json"), lines.get(2));
    assertTrue(lines.get(3).startsWith("    p3.png: " + bad), lines.get(3));
    String manifest = Files.readString(out.resolve("manifest.json"));
    assertTrue(manifest.contains("\"id\" : \"p3.png\""), manifest);
    String missed = Cli.failure("tokenize-images", "--data", broken, "--weights", run, "--out", out, "--shard-size", 4);
    assertTrue(missed.contains("was made without 1 of its pictures") && missed.contains("go on with --skip-bad"), missed);
  }

  @Test
  void whatIsThereMustBeOfTheSameModelDataAndOptions() throws IOException {
    Path out = folder.resolve("tokens");
    Cli.lines("tokenize-images", "--weights", run, "--out", out, "--threads", 1);
    Path other = folder.resolve("other");
    Cli.lines("train", "dvae", "--config", TinyRun.write(folder.resolve("seed.json"), TinyRun.config()), "--seed", 6, "--data", pictures, "--out", other);
    String ours = FileHash.sha256(run.resolve("dvae.safetensors")).substring(0, 12);
    String theirs = FileHash.sha256(other.resolve("dvae.safetensors")).substring(0, 12);
    String start = out.resolve("manifest.json") + ": these shards were made with ";
    String end = ": ask for the same to go on with them, or name another folder with --out";
    assertEquals(start + "the dVAE " + ours + " (8 x 8 tokens of 32), not " + theirs + " (8 x 8 tokens of 32)" + end,
        Cli.failure("tokenize-images", "--weights", other, "--out", out, "--threads", 1));
    assertEquals(start + "--augment 0, not 2, and with --seed 0, not 7, and with --threads 1, not 2" + end,
        Cli.failure("tokenize-images", "--weights", run, "--out", out, "--threads", 2, "--augment", 2, "--seed", 7));
    Path fewer = TinyRun.pictures(folder.resolve("pictures"));
    Files.delete(fewer.resolve("p11.png"));
    String message = Cli.failure("tokenize-images", "--weights", run, "--data", fewer, "--out", out, "--threads", 1);
    assertTrue(message.startsWith(start + "the data set pictures with 11 examples for training and 1 held out (ids and captions ")
        && message.contains(", not pictures with 1"), message);
    Path text = Files.createDirectories(folder.resolve("texts"));
    Files.writeString(text.resolve("a.txt"), "a");
    assertEquals(text + ": is not empty, and has no manifest.json of token shards; name a new or empty folder",
        Cli.failure("tokenize-images", "--weights", run, "--out", text));
    Path none = folder.resolve("none");
    String noWeights = Cli.failure("tokenize-images", "--weights", text, "--out", none);
    assertTrue(noWeights.startsWith("no weights of a dVAE at "), noWeights);
    assertFalse(Files.exists(none));
  }

  @Test
  void tablesAndVariations() throws IOException {
    Path table = folder.resolve("t.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      rows.append("{\"image\": \"").append(pictures.resolve("p" + i + ".png")).append("\", \"caption\": \"picture ").append(i).append("\"}\n");
    }
    Files.writeString(table, rows);
    Path one = folder.resolve("one");
    Path seven = folder.resolve("seven");
    Cli.lines("tokenize-images", "--data", table, "--weights", run, "--out", one, "--augment", 3, "--seed", 4, "--workers", 1);
    Cli.lines("tokenize-images", "--data", table, "--weights", run, "--out", seven, "--augment", 3, "--seed", 4, "--workers", 7);
    TokenShards shards = TokenShards.open(one);
    assertEquals(3 * shards.manifest().recipe().data().training(), shards.manifest().pictures(ShardPart.TRAINING));
    for (String file : List.of("manifest.json", "training-00000.safetensors")) {
      assertArrayEquals(Files.readAllBytes(one.resolve(file)), Files.readAllBytes(seven.resolve(file)));
    }
  }

  @Test
  void misuse() {
    assertEquals("--batch: expected 1 to 1024, got 0", Cli.misuse("tokenize-images", "--out", folder, "--batch", 0));
    assertEquals("--shard-size: expected 1 to 65536, got 65537", Cli.misuse("tokenize-images", "--out", folder, "--shard-size", 65537));
    assertEquals("--workers: expected 1 to 1024, got 0", Cli.misuse("tokenize-images", "--out", folder, "--workers", 0));
    assertEquals("--augment: expected 0 to 1024, got -1", Cli.misuse("tokenize-images", "--out", folder, "--augment", -1));
    assertTrue(Cli.misuse("tokenize-images").contains("--out"));
  }

  private Path copyOfRun(String name) throws IOException {
    Path copy = Files.createDirectory(folder.resolve(name));
    for (String file : List.of("manifest.json", "dvae.safetensors", "dvae.checkpoint.json")) {
      Files.copy(run.resolve(file), copy.resolve(file));
    }
    return copy;
  }

  /** Tokens of shards train the same transformer, bit for bit, as tokens that the run makes itself. */
  @Test
  void theTransformerLearnsFromShards() throws IOException {
    Path tokens = folder.resolve("tokens");
    Cli.lines("tokenize-images", "--weights", run, "--out", tokens, "--shard-size", 3, "--threads", 2);
    Path itself = copyOfRun("itself");
    Path shards = copyOfRun("shards");
    Cli.lines("train", "transformer", "--out", itself);
    Cli.lines("train", "transformer", "--out", shards, "--tokens", tokens);
    for (String file : List.of("transformer.safetensors", "tokenizer.bpe")) {
      assertArrayEquals(Files.readAllBytes(itself.resolve(file)), Files.readAllBytes(shards.resolve(file)), file);
    }
    // Variations are other examples: twice as many.
    Path varied = folder.resolve("varied");
    Cli.lines("tokenize-images", "--weights", run, "--out", varied, "--augment", 2);
    Path third = copyOfRun("third");
    Cli.lines("train", "transformer", "--out", third, "--tokens", varied);
    assertFalse(Arrays.equals(Files.readAllBytes(itself.resolve("transformer.safetensors")), Files.readAllBytes(third.resolve("transformer.safetensors"))));
    // What was trained on the one is not gone on with on the other.
    String message = Cli.failure("train", "transformer", "--out", shards, "--tokens", varied);
    assertTrue(message.startsWith(shards.resolve("transformer.checkpoint.json") + ": the checkpoint belongs to another configuration (it has \"tokens\" : \""),
        message);
    message = Cli.failure("train", "transformer", "--out", shards);
    assertTrue(message.contains("the checkpoint belongs to another configuration"), message);
    assertTrue(Cli.lines("train", "transformer", "--out", shards, "--tokens", tokens).getFirst().contains("transformer.safetensors: loss "));
  }

  @Test
  void shardsOfOthersAreNotLearnt() throws IOException {
    Path tokens = folder.resolve("tokens");
    Cli.lines("tokenize-images", "--weights", run, "--out", tokens);
    Path other = folder.resolve("other");
    Cli.lines("train", "dvae", "--config", TinyRun.write(folder.resolve("seed.json"), TinyRun.config()), "--seed", 6, "--data", pictures, "--out", other);
    String message = Cli.failure("train", "transformer", "--out", other, "--tokens", tokens);
    assertTrue(message.startsWith(tokens.resolve("manifest.json") + ": the tokens are those of the dVAE ") && message.endsWith(
        "; make them with dalle tokenize-images --weights " + other.resolve("dvae.safetensors")), message);
    Path fewer = TinyRun.pictures(folder.resolve("pictures"));
    Files.delete(fewer.resolve("p11.png"));
    Path few = folder.resolve("few");
    Cli.lines("tokenize-images", "--weights", run, "--data", fewer, "--out", few);
    message = Cli.failure("train", "transformer", "--out", copyOfRun("mine"), "--tokens", few);
    assertTrue(message.startsWith(few.resolve("manifest.json") + ": the tokens are those of the data set pictures with 1")
        && message.endsWith("; make them from the run's data with dalle tokenize-images"), message);
    message = Cli.failure("train", "transformer", "--out", run, "--tokens", folder);
    assertEquals(folder + ": has no manifest.json of token shards; make them with dalle tokenize-images --out " + folder, message);
  }
}
