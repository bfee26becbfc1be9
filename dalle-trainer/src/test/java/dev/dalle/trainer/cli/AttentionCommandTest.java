package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttentionCommandTest {
  @TempDir Path folder;

  /** The counts of the paper's size, as the fact sheet has them. */
  @Test
  void countsThePairsOfThePaper() {
    assertEquals(List.of("states 1280 (256 text, 1024 image)", "image pairs 33264", "pairs 328304"), Cli.lines("attention", "mask", "--pattern", "row"));
    assertEquals("pairs 311936", Cli.lines("attention", "mask", "--pattern", "column").getLast());
    assertEquals("pairs 356384", Cli.lines("attention", "mask", "--pattern", "convolution").getLast());
    assertEquals("pairs 819840", Cli.lines("attention", "mask", "--pattern", "causal").getLast());
  }

  @Test
  void drawsEveryPairAndNothingElse() {
    Path file = folder.resolve("new/mask.png");
    String pairs = Cli.lines("attention", "mask", "--pattern", "convolution", "--text", 6, "--grid", 4, "--kernel", 3, "--out", file).getLast();
    Picture mask = PictureFiles.read(file);
    assertEquals(22, mask.width());
    long drawn = 0;
    for (int query = 0; query < 22; query++) {
      for (int key = 0; key < 22; key++) {
        boolean white = mask.value(query, key, 0) == 255;
        assertTrue(white || key <= query);
        drawn += white ? 0 : 1;
      }
    }
    assertEquals("pairs " + drawn, pairs);
  }

  @Test
  void refusesWhatMakesNoMask() {
    assertEquals("kernel: expected an odd number from 1 to the grid's side 4, got 5",
        Cli.misuse("attention", "mask", "--pattern", "convolution", "--grid", 4, "--kernel", 5));
    assertEquals("grid side: expected 1 or more, got 0", Cli.misuse("attention", "mask", "--pattern", "row", "--grid", 0));
    Path file = folder.resolve("huge.png");
    assertTrue(Cli.failure("attention", "mask", "--pattern", "row", "--grid", 100, "--out", file).startsWith("--out: the mask of 10256 states is too large"));
    assertFalse(Files.exists(file));
    assertEquals("a command is missing", Cli.misuse("attention"));
  }
}
