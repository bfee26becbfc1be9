package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code complete}: pictures of which the upper rows are given. */
class CompleteCommandTest {
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

  @Test
  void completingKeepsTheUpperRows() throws IOException {
    List<Integer> tokens = ConfigJson.parse(Cli.run("encode", square, "--weights", run).out(), "encode", TokenFile.class).pictures().getFirst().ids().stream()
        .flatMap(List::stream).toList();
    List<String> lines = Cli.lines("complete", square, "blue", "das gr\u00f6\u00dfte", "--keep-rows", 3, "--weights", run, "--out", folder, "--count", 3, "--seed", 4,
        "--guidance", 2);
    assertEquals(7, lines.size());
    PictureRecipe recipe = PictureRecipe.of(Path.of(lines.get(4)));
    assertEquals(3, recipe.settings().keepRows());
    assertEquals(tokens.subList(0, 24), recipe.settings().prefix());
    assertNotEquals(picture(Path.of(lines.get(3))), picture(Path.of(lines.get(4))), "the rest is drawn");
    Cli.lines("generate", "--like", lines.get(4), "--weights", run, "--out", folder.resolve("again"));
    assertArrayEquals(Files.readAllBytes(Path.of(lines.get(4))), Files.readAllBytes(folder.resolve("again/das-gro-te_2_again.png")));
    // All rows: the picture through its tokens. None: what generate draws.
    Path whole = folder.resolve("whole");
    Cli.lines("complete", square, "blue", "--keep-rows", 8, "--weights", run, "--out", whole, "--count", 1);
    Path ids = folder.resolve("ids.json");
    Cli.lines("encode", square, "--weights", run, "--out", ids);
    Cli.lines("decode", ids, "--weights", run, "--out", whole.resolve("decoded.png"));
    assertEquals(picture(whole.resolve("decoded.png")), picture(whole.resolve("blue_1.png")));
    Cli.lines("complete", square, "blue", "--keep-rows", 0, "--weights", run, "--out", whole, "--count", 1);
    Cli.lines("generate", "blue", "--weights", run, "--out", folder.resolve("plain"), "--count", 1);
    assertArrayEquals(Files.readAllBytes(folder.resolve("plain/blue_1.png")), Files.readAllBytes(whole.resolve("blue_1.png")));
  }

  @Test
  void completingThatCannotBe() throws IOException {
    Path out = folder.resolve("out");
    assertEquals("--keep-rows: expected at most the 8 rows of the model's grid, got 9",
        Cli.misuse("complete", square, "x", "--keep-rows", 9, "--weights", run, "--out", out));
    assertEquals("--keep-rows: expected 0 or more, got -1", Cli.misuse("complete", square, "x", "--keep-rows", -1, "--weights", run, "--out", out));
    assertEquals("--top-p: expected more than 0, at most 1 (off), got NaN",
        Cli.misuse("complete", square, "x", "--keep-rows", 1, "--top-p", "NaN", "--weights", run, "--out", out));
    assertEquals("a caption is empty; say what to draw", Cli.misuse("complete", square, "", "--keep-rows", 1, "--weights", run, "--out", out));
    assertTrue(Cli.misuse("complete", square, "--keep-rows", 1).contains("CAPTION"));
    assertTrue(Cli.misuse("complete", square, "x").contains("--keep-rows"));
    Path none = folder.resolve("none.png");
    assertEquals(none + ": does not exist; check the path, or the list that names it",
        Cli.failure("complete", none, "x", "--keep-rows", 1, "--weights", run, "--out", out));
    Path small = folder.resolve("small.png");
    PictureFiles.writePng(Picture.filled(15, 20, 0), small);
    assertTrue(Cli.failure("complete", small, "x", "--keep-rows", 1, "--weights", run, "--out", out).startsWith(small + ": expected a picture of at least 16"));
    assertFalse(Files.exists(out));
    Cli cut = Cli.run("complete", square, "many words ".repeat(9), "--keep-rows", 7, "--weights", run, "--out", out, "--count", 1);
    assertEquals(0, cut.status(), cut.err());
    assertTrue(cut.err().contains("the model reads the first 15"), cut.err());
  }
}
