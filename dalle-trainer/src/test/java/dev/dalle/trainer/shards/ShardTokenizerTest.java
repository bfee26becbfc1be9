package dev.dalle.trainer.shards;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.StoredType;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataFingerprint;
import dev.dalle.trainer.data.DerivedRandom;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.SlowPictures;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Compute;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Shards of pictures of 8 x 8 pixels, which an encoder that is easily followed turns into 2 x 2 tokens. */
@Timeout(120)
class ShardTokenizerTest {
  private static final int SIDE = 8;
  private static final Device CPU = Device.cpu(1);
  private static final Progress PROGRESS = Progress.lines(LogManager.getLogger(ShardTokenizerTest.class), Duration.ofDays(1));
  private static final IntUnaryOperator AT_ONCE = index -> 0;

  @TempDir Path folder;

  private static CaptionedPictures pictures(IntUnaryOperator millis) {
    return new SlowPictures(53, 12, 3, millis);
  }

  private static ShardRecipe recipe(CaptionedPictures data, int copies, int codes, int batch) {
    Split split = data.split();
    return new ShardRecipe(new ShardRecipe.Model("ab".repeat(32), codes, 2, 2, SIDE),
        new ShardRecipe.Data(data.name(), split.training().length, split.heldOut().length, DataFingerprint.of(data, split)), copies, 9, Compute.F32, 1, batch, 10);
  }

  private static ShardRecipe recipe(int copies) {
    return recipe(pictures(AT_ONCE), copies, 300, 4);
  }

  /** The tokens of a picture: the sums of its quarters, below so many codes. */
  private static int[] encode(float[] pixels, int count, int codes) {
    int[] ids = new int[4 * count];
    for (int i = 0; i < pixels.length; i++) {
      int pixel = i / 3 % (SIDE * SIDE);
      int quarter = pixel / (SIDE * SIDE / 2) * 2 + pixel % SIDE / (SIDE / 2);
      int at = i / (SIDE * SIDE * 3) * 4 + quarter;
      ids[at] = (ids[at] + Math.round(pixels[i] * 255)) % codes;
    }
    return ids;
  }

  private static ShardTokenizer.Result make(CaptionedPictures data, ShardRecipe recipe, Path out, int workers, boolean skipBad) throws IOException {
    return new ShardTokenizer(data, data.split(), recipe, out, workers, skipBad)
        .run((pixels, count) -> encode(pixels, count, recipe.model().codes()), CPU, PROGRESS);
  }

  private static Map<String, String> bytes(Path folder) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        found.put(file.getFileName().toString(), new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return found;
  }

  private static String refusal(Executable work) {
    return assertThrows(ConfigException.class, work).getMessage();
  }

  @Test
  void theTokensOfBothPartsInTheirOrder() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    Split split = data.split();
    ShardTokenizer.Result result = make(data, recipe(0), folder, 2, false);
    assertEquals(53, result.encoded());
    assertEquals(0, result.keptShards());
    ShardManifest manifest = TokenShards.open(folder).manifest();
    assertEquals(result.manifest(), manifest);
    assertEquals(split.training().length, manifest.pictures(ShardPart.TRAINING));
    assertEquals(new ShardManifest.Shard("training-00000.safetensors", ShardPart.TRAINING, 10), manifest.shards().getFirst());
    for (ShardPart part : ShardPart.values()) {
      TokenShards.Examples found = TokenShards.open(folder).read(part);
      int[] indices = part.of(split);
      assertEquals(Arrays.stream(indices).mapToObj(index -> data.example(index).caption()).toList(), found.captions());
      for (int i = 0; i < indices.length; i++) {
        assertArrayEquals(encode(FittedPicture.floats(data, new int[] {indices[i]}, SIDE), 1, 300), found.tokens()[i]);
      }
    }
  }

  @Test
  void otherProgramsFindTokensAndTexts() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    make(data, recipe(0), folder.resolve("narrow"), 1, false);
    make(data, recipe(data, 0, 1 << 17, 4), folder.resolve("wide"), 1, false);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("narrow/held-out-00000.safetensors"))) {
      TensorEntry tokens = file.find("tokens").orElseThrow();
      assertEquals(StoredType.U16, tokens.type());
      assertEquals("dalle-token-shard", file.metadata().get("format"));
      assertEquals("held-out", file.metadata().get("part"));
      int first = data.split().heldOut()[0];
      assertTrue(file.metadata().get("content").startsWith("{\"pictures\":[{\"id\":\"slow/" + first + "\",\"caption\":\"number " + first + "\",\"copy\":0}"),
          file.metadata().get("content"));
      int expected = encode(FittedPicture.floats(data, new int[] {first}, SIDE), 1, 300)[0];
      assertEquals(expected, Short.toUnsignedInt(tokens.data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getShort()));
    }
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("wide/training-00001.safetensors"))) {
      assertEquals(StoredType.I32, file.find("tokens").orElseThrow().type());
    }
    assertEquals(10, TokenShards.open(folder.resolve("wide")).read(ShardPart.TRAINING).tokens()[10].length + 6);
  }

  @Test
  void workersDoNotChangeAByte() throws IOException {
    IntUnaryOperator uneven = index -> index % 5;
    for (int copies : new int[] {0, 2}) {
      Path one = folder.resolve("one" + copies);
      make(pictures(AT_ONCE), recipe(copies), one, 1, false);
      for (int workers : new int[] {2, 7}) {
        Path more = folder.resolve(workers + "-" + copies);
        make(pictures(uneven), recipe(copies), more, workers, false);
        assertEquals(bytes(one), bytes(more));
      }
    }
  }

  /** Wherever the work is stopped, going on ends with the bytes of work without a stop; shards that are there are not made again. */
  @Test
  void stoppedWorkGoesOn() throws IOException {
    ShardRecipe recipe = recipe(2);
    CaptionedPictures data = pictures(AT_ONCE);
    Path whole = folder.resolve("whole");
    make(data, recipe, whole, 2, false);
    for (int stop : new int[] {0, 1, 2, 3, 7, 20}) {
      Path out = folder.resolve("stopped" + stop);
      int[] batches = {0};
      IllegalStateException stopped = assertThrows(IllegalStateException.class,
          () -> new ShardTokenizer(data, data.split(), recipe, out, 2, false).run((pixels, count) -> {
            if (batches[0]++ == stop) {
              throw new IllegalStateException("stopped");
            }
            return encode(pixels, count, 300);
          }, CPU, PROGRESS));
      assertEquals("stopped", stopped.getMessage());
      // Ten pictures a shard, in batches of four, four and two.
      assertEquals(stop / 3 + 1, bytes(out).size());
      String unfinished = refusal(() -> TokenShards.open(out));
      assertEquals(out.resolve("manifest.json") + ": not all shards are there yet; the same dalle tokenize-images goes on with them", unfinished);
      ShardTokenizer.Result result = make(data, recipe, out, 2, false);
      assertEquals(stop / 3, result.keptShards());
      assertEquals(bytes(whole), bytes(out));
      assertEquals(0, make(data, recipe, out, 2, false).encoded());
      assertEquals(bytes(whole), bytes(out));
    }
  }

  @Test
  void aHoleIsFilled() throws IOException {
    make(pictures(AT_ONCE), recipe(0), folder, 1, false);
    Map<String, String> whole = bytes(folder);
    Files.delete(folder.resolve("training-00002.safetensors"));
    String message = refusal(() -> TokenShards.open(folder).read(ShardPart.TRAINING));
    assertTrue(message.contains("training-00002.safetensors") && message.endsWith("the same dalle tokenize-images makes it again"), message);
    assertEquals(10, make(pictures(AT_ONCE), recipe(0), folder, 1, false).encoded());
    assertEquals(whole, bytes(folder));
  }

  @Test
  void variationsAreThoseOfThePaperAndOfTheirSeed() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    make(data, recipe(3), folder.resolve("a"), 2, false);
    TokenShards.Examples found = TokenShards.open(folder.resolve("a")).read(ShardPart.TRAINING);
    int[] training = data.split().training();
    assertEquals(3 * training.length, found.tokens().length);
    int differ = 0;
    for (int row = 0; row < found.tokens().length; row++) {
      int index = training[row % training.length];
      Picture picture = Augmentation.transformer(SIDE).apply(data.picture(index, 9),
          new DerivedRandom(9, 5, row / training.length, index));
      assertArrayEquals(encode(PictureFloats.of(List.of(picture)), 1, 300), found.tokens()[row]);
      differ += Arrays.equals(found.tokens()[row], found.tokens()[row % training.length]) ? 0 : 1;
    }
    assertTrue(differ > training.length, "only " + differ + " variations differ from the first of their picture");
    // What is measured on stays as it is.
    make(data, recipe(0), folder.resolve("b"), 2, false);
    assertArrayEquals(TokenShards.open(folder.resolve("b")).read(ShardPart.HELD_OUT).tokens(), TokenShards.open(folder.resolve("a")).read(ShardPart.HELD_OUT).tokens());
  }

  private static IntUnaryOperator failing(int... bad) {
    return index -> {
      if (Arrays.stream(bad).anyMatch(b -> b == index)) {
        throw new PictureException("p" + index + ".png: is cut short");
      }
      return 0;
    };
  }

  @Test
  void aBadPictureEndsTheWorkOrIsListed() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    int[] training = data.split().training();
    int bad = training[23];
    CaptionedPictures broken = pictures(failing(bad));
    String message = assertThrows(PictureException.class, () -> make(broken, recipe(0), folder, 2, false)).getMessage();
    assertEquals("data set slow, example slow/" + bad + ": p" + bad + ".png: is cut short", message);
    assertEquals(3, bytes(folder).size());
    // Going on without it keeps the two shards, and ends as if it had been left out from the start.
    assertEquals(2, make(broken, recipe(0), folder, 2, true).keptShards());
    Path fresh = folder.resolveSibling(folder.getFileName() + "-fresh");
    ShardManifest manifest = make(broken, recipe(0), fresh, 7, true).manifest();
    assertEquals(bytes(fresh), bytes(folder));
    assertEquals(List.of(new SkippedPicture("slow/" + bad, 0, "p" + bad + ".png: is cut short")), manifest.skipped());
    assertEquals(training.length - 1, manifest.pictures(ShardPart.TRAINING));
    List<String> captions = TokenShards.open(folder).read(ShardPart.TRAINING).captions();
    List<String> expected = new ArrayList<>();
    Arrays.stream(training).filter(index -> index != bad).forEach(index -> expected.add("number " + index));
    assertEquals(expected, captions);
    // Once left out, it is missed by those who do not want that.
    String missed = refusal(() -> make(data, recipe(0), folder, 2, false));
    assertEquals(folder.resolve("training-00002.safetensors") + ": was made without 1 of its pictures, which could not be read (slow/" + bad + ": p" + bad
        + ".png: is cut short); go on with --skip-bad, or mend the pictures and remove this file", missed);
  }

  @Test
  void aShardOfBadPicturesIsEmptyAndADataSetOfThemAnError() throws IOException {
    int[] training = pictures(AT_ONCE).split().training();
    CaptionedPictures broken = pictures(failing(Arrays.copyOfRange(training, 10, 20)));
    ShardManifest manifest = make(broken, recipe(0), folder.resolve("some"), 2, true).manifest();
    assertEquals(0, manifest.shards().get(1).pictures());
    assertEquals(10, manifest.skipped().size());
    assertEquals(training.length - 10, TokenShards.open(folder.resolve("some")).read(ShardPart.TRAINING).tokens().length);
    CaptionedPictures none = pictures(failing(IntStream.range(0, 53).toArray()));
    String message = refusal(() -> make(none, recipe(0), folder.resolve("none"), 2, true));
    assertEquals(folder.resolve("none") + ": none of the pictures could be read; the first, slow/" + training[0] + ": p" + training[0] + ".png: is cut short",
        message);
  }

  @Test
  void otherWorkIsNotMixedWithThis() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    make(data, recipe(2), folder, 1, false);
    String start = folder.resolve("manifest.json") + ": these shards were made with ";
    String end = ": ask for the same to go on with them, or name another folder with --out";
    assertEquals(start + "--augment 2, not 0, and with --seed 9, not 0" + end, refusal(() -> make(data, recipe(0), folder, 1, false)));
    assertEquals(start + "the dVAE abababababab (2 x 2 tokens of 300), not abababababab (2 x 2 tokens of 301), and with --batch 4, not 5" + end,
        refusal(() -> make(data, recipe(data, 2, 301, 5), folder, 1, false)));
    CaptionedPictures more = new SlowPictures(54, 12, 3, AT_ONCE);
    ShardRecipe other = recipe(more, 2, 300, 4);
    String message = refusal(() -> make(more, other, folder, 1, false));
    assertTrue(message.startsWith(start + "the data set slow with " + data.split().training().length + " examples for training and ")
        && message.endsWith(end), message);
    assertNotEquals(DataFingerprint.of(data, data.split()), DataFingerprint.of(data, Split.byId(data, 0.5)));
    ShardRecipe r = recipe(2);
    ShardRecipe options = new ShardRecipe(r.model(), r.data(), 2, 10, Compute.BF16, 3, 4, 11);
    assertEquals(start + "--seed 9, not 10, and with --compute f32, not bf16, and with --threads 1, not 3, and with --shard-size 10, not 11" + end,
        refusal(() -> ShardTokenizer.check(folder, options)));
  }

  @Test
  void foldersThatCannotBe() throws IOException {
    Files.writeString(folder.resolve("x.txt"), "x");
    assertEquals(folder + ": is not empty, and has no manifest.json of token shards; name a new or empty folder",
        refusal(() -> make(pictures(AT_ONCE), recipe(0), folder, 1, false)));
    Path manifest = folder.resolve("manifest.json");
    Files.writeString(manifest, "{\"format\": \"dalle-run\", \"version\": 1}");
    assertEquals(manifest + ": expected format dalle-token-shards version 1, found dalle-run version 1; name the folder of token shards",
        refusal(() -> TokenShards.open(folder)));
    Files.writeString(manifest, "{\"format\": \"dalle-token-shards\", \"version\": 2, \"more\": 1}");
    assertEquals(manifest + ": expected format dalle-token-shards version 1, found dalle-token-shards version 2; use the release that wrote it, or a newer one",
        refusal(() -> TokenShards.open(folder)));
    Path none = folder.resolve("none");
    assertEquals(none + ": has no manifest.json of token shards; make them with dalle tokenize-images --out " + none, refusal(() -> TokenShards.open(none)));
  }

  @Test
  void damageIsFound() throws IOException {
    CaptionedPictures data = pictures(AT_ONCE);
    make(data, recipe(0), folder, 1, false);
    Path shard = folder.resolve("training-00001.safetensors");
    byte[] whole = Files.readAllBytes(shard);
    String remedy = "; remove it, and the same dalle tokenize-images makes it again";
    byte[] flipped = whole.clone();
    flipped[flipped.length - 1] ^= 1;
    Files.write(shard, flipped);
    String message = refusal(() -> TokenShards.open(folder).read(ShardPart.TRAINING));
    assertTrue(message.startsWith(shard + ": expected tokens of checksum ") && message.endsWith(remedy), message);
    Files.write(shard, Arrays.copyOf(whole, whole.length - 1));
    for (Executable work : List.<Executable>of(
        () -> make(data, recipe(0), folder, 1, false), () -> TokenShards.open(folder).read(ShardPart.TRAINING))) {
      message = refusal(work);
      assertTrue(message.startsWith(shard.toString()) && message.endsWith(remedy), message);
    }
    Files.copy(folder.resolve("training-00000.safetensors"), shard, StandardCopyOption.REPLACE_EXISTING);
    assertEquals(shard + ": expected number 1, found 0" + remedy, refusal(() -> make(data, recipe(0), folder, 1, false)));
    Files.write(shard, whole);
    assertEquals(0, make(data, recipe(0), folder, 1, false).encoded());
    assertFalse(TokenShards.open(folder).read(ShardPart.HELD_OUT).captions().isEmpty());
  }

  @Test
  void recipesThatCannotBe() {
    ShardRecipe r = recipe(1);
    assertEquals("shardSize: expected 1 to 65536, found 0",
        assertThrows(IllegalArgumentException.class, () -> new ShardRecipe(r.model(), r.data(), 0, 0, Compute.F32, 1, 1, 0)).getMessage());
    assertEquals("threads and batch: expected at least 1, found 0 and 1",
        assertThrows(IllegalArgumentException.class, () -> new ShardRecipe(r.model(), r.data(), 0, 0, Compute.F32, 0, 1, 1)).getMessage());
    assertEquals("augmentedCopies: expected 0 or more, and at most 2^31 - 1 pictures in all, found -1",
        assertThrows(IllegalArgumentException.class, () -> new ShardRecipe(r.model(), r.data(), -1, 0, Compute.F32, 1, 1, 1)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new ShardRecipe.Model("", 0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new ShardRecipe.Data("", 0, 0, ""));
  }
}
