package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.picture.Picture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {
  private static final List<String> STYLES = new ArrayList<>();
  private static final List<String> NAMES = new ArrayList<>();

  static {
    // 1,300 names, each in one to five of seven styles, some drawn twice in the same style.
    Random random = new Random(7);
    for (int n = 0; n < 1300; n++) {
      List<String> styles = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f", "g"));
      Collections.shuffle(styles, random);
      for (String style : styles.subList(0, 1 + n % 5)) {
        for (int twin = 0; twin <= (n % 11 == 0 ? 1 : 0); twin++) {
          STYLES.add(style);
          NAMES.add("thing " + n);
        }
      }
    }
  }

  private static Set<String> combinations(int[] part) {
    Set<String> set = new TreeSet<>();
    for (int i : part) {
      set.add(STYLES.get(i) + "/" + NAMES.get(i));
    }
    return set;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.5, 0.9, 0.9999999})
  void heldOutCombinationsAreNewButTheirPartsAreNot(double share) {
    Split split = Split.byCombination(STYLES, NAMES, share);
    assertEquals(STYLES.size(), split.training().length + split.heldOut().length);
    Set<String> trained = combinations(split.training());
    Set<String> styles = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (int i : split.training()) {
      styles.add(STYLES.get(i));
      names.add(NAMES.get(i));
    }
    assertTrue(split.heldOut().length > 0);
    for (int i : split.heldOut()) {
      assertTrue(!trained.contains(STYLES.get(i) + "/" + NAMES.get(i)), "trained on a held-out combination");
      assertTrue(styles.contains(STYLES.get(i)), "style " + STYLES.get(i) + " never trained on");
      assertTrue(names.contains(NAMES.get(i)), NAMES.get(i) + " never trained on");
    }
  }

  @Test
  void aboutATwentiethIsHeldOut() {
    Split split = Split.byCombination(STYLES, NAMES, Split.SHARE);
    double share = (double) combinations(split.heldOut()).size() / (combinations(split.heldOut()).size() + combinations(split.training()).size());
    // A fifth of the names, a fifteenth of the pairs, occur in one style only and stay in training.
    assertEquals(0.05 * 14 / 15, share, 0.012);
  }

  @Test
  void orderDoesNotMatterAndNewNamesMoveNobody() {
    Set<String> before = combinations(Split.byCombination(STYLES, NAMES, Split.SHARE).heldOut());
    List<Integer> order = new ArrayList<>(IntStream.range(0, STYLES.size()).boxed().toList());
    Collections.shuffle(order, new Random(1));
    List<String> styles = new ArrayList<>(order.stream().map(STYLES::get).toList());
    List<String> names = new ArrayList<>(order.stream().map(NAMES::get).toList());
    for (int n = 0; n < 200; n++) {
      styles.addAll(List.of("a", "h"));
      names.addAll(List.of("new " + n, "new " + n));
    }
    Split split = Split.byCombination(styles, names, Split.SHARE);
    Set<String> after = new TreeSet<>();
    for (int i : split.heldOut()) {
      if (!names.get(i).startsWith("new")) {
        after.add(styles.get(i) + "/" + names.get(i));
      }
    }
    assertEquals(before, after);
  }

  @Test
  void theHashIsFixedForEver() {
    // The first 53 bits of SHA-256("abc\0"), as any other implementation gives them.
    assertEquals(0xdc1114cd074914L * 0x1p-56, StableHash.fraction("abc"), 1e-15);
    Split split = Split.byCombination(STYLES, NAMES, Split.SHARE);
    assertEquals(split, Split.byCombination(STYLES, NAMES, Split.SHARE));
  }

  /** Whatever the names are. */
  @Test
  void aSmallSetHasTwoHeldOutAndATinyOneMayHaveNone() {
    for (int trial = 0; trial < 200; trial++) {
      String name = "set " + trial + " ";
      assertTrue(Split.byKey(20, i -> name + i, 0.05).heldOut().length >= 2);
      assertEquals(0, Split.byKey(20, i -> name + i, 0).heldOut().length);
      assertTrue(Split.byKey(60, i -> name + i / 3, 0.05).heldOut().length >= 6, "all three captions of two pictures");
    }
    assertTrue(IntStream.range(0, 200).anyMatch(trial -> Split.byKey(5, i -> "tiny " + trial + i, 0.05).heldOut().length == 0));
  }

  @Test
  void byIdTakesTheShareOfIds() {
    CaptionedPictures data = numbered(5000, "");
    Split split = data.split();
    assertEquals(250, split.heldOut().length, 50);
    assertEquals(split, numbered(5000, "").split());
    int[] shorter = Arrays.stream(split.heldOut()).filter(i -> i < 777).toArray();
    assertEquals(Arrays.toString(shorter), Arrays.toString(numbered(777, "").split().heldOut()));
    assertTrue(!split.equals(numbered(5000, "other/").split()));
  }

  @Test
  void wrongArgumentsAreSaid() {
    assertEquals("share: expected at least 0 and less than 1, got 1.0",
        assertThrows(IllegalArgumentException.class, () -> Split.byCombination(STYLES, NAMES, 1)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Split.byId(numbered(3, ""), Double.NaN));
    assertEquals("names: expected one for each of 2 styles, got 1", assertThrows(IllegalArgumentException.class,
        () -> Split.byCombination(List.of("a", "b"), List.of("x"), 0.1)).getMessage());
    assertEquals("split: index 3 occurs twice",
        assertThrows(IllegalArgumentException.class, () -> new Split(new int[] {1, 3}, new int[] {3})).getMessage());
  }

  /** A data set of numbers: picture i is filled with grey i. */
  static CaptionedPictures numbered(int size, String prefix) {
    return new CaptionedPictures() {
      @Override
      public String name() {
        return "numbers";
      }

      @Override
      public int size() {
        return size;
      }

      @Override
      public Example example(int index) {
        return new Example(prefix + index, "number " + index);
      }

      @Override
      public Picture picture(int index, int side) {
        return Picture.filled(side, side, 0x010101 * (index % 256));
      }

      @Override
      public void close() {}
    };
  }
}
