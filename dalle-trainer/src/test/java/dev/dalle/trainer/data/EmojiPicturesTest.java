package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.data.EmojiPictures.LeftOut;
import dev.dalle.trainer.picture.Picture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmojiPicturesTest {
  /** The drawing library logs a stack trace for each drawing it cannot read; here some are meant to be unreadable. Held, or it would be forgotten. */
  private static final Logger DRAWING_LOG = Logger.getLogger("com.github.weisj.jsvg");

  @TempDir Path folder;

  @BeforeAll
  static void quiet() {
    DRAWING_LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    DRAWING_LOG.setLevel(null);
  }

  /** A square of one colour that fills the left half of an 8 x 8 drawing. */
  private static String left(String colour) {
    return "{\"body\":\"<path fill='" + colour + "' d='M0 0h4v8H0z'/>\"}";
  }

  private static String set(EmojiStyle style, String icons, String aliases) {
    // In the order of the real files: the common size stands behind the icons.
    return "{\"prefix\":\"" + style.set() + "\",\"info\":{\"name\":\"x\",\"author\":{\"name\":\"Ann of " + style + "\",\"url\":\"u\"},"
        + "\"license\":{\"title\":\"CC BY\",\"spdx\":\"CC-BY-4.0\",\"url\":\"l\"},\"samples\":[\"a\"]},\"lastModified\":1,\"icons\":{"
        + icons + "},\"aliases\":{" + aliases + "},\"categories\":{\"Flags\":[\"japan\"],\"Other\":[\"x\"]},\"width\":8,\"height\":8}";
  }

  private Path jar(String noto, String notoAliases) throws IOException {
    Path jar = folder.resolve("emoji.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (EmojiStyle style : EmojiStyle.values()) {
        zip.putNextEntry(new ZipEntry("META-INF/resources/x/json/" + style.set() + ".json"));
        String json = style == EmojiStyle.NOTO ? set(style, noto, notoAliases)
            : set(style, "\"red-heart\":" + left("red") + ",\"" + "owl\":" + left("#00" + style.ordinal() + "0ff"), "");
        zip.write(json.getBytes(StandardCharsets.UTF_8));
      }
    }
    return jar;
  }

  private static final String NOTO = "\"red-heart\":" + left("#f00") + ",\"twin-heart\":" + left("#f00") + ",\"old-heart\":"
      + left("#e00").replace("}", ",\"hidden\":true}") + ",\"wide\":{\"body\":\"<path fill='#00f' d='M2 0h8v4H2z'/>\",\"left\":2,\"width\":8,\"height\":4}"
      + ",\"broken\":{\"body\":\"<g><path d='M0 0h8v8H0z'/>\"},\"nothing\":{\"body\":\"<path fill='#fff' d='M0 0h8v8H0z'/>\"}"
      + ",\"quarter\":{\"body\":\"<path fill='#0f0' d='M0 0h4v4H0z'/>\"}";
  private static final String ALIASES = "\"heart\":{\"parent\":\"red-heart\"},\"again\":{\"parent\":\"heart\"},\"right-heart\":"
      + "{\"parent\":\"again\",\"hFlip\":true},\"quarter-turned\":{\"parent\":\"quarter\",\"rotate\":1},\"quarter-upended\":"
      + "{\"parent\":\"quarter\",\"vFlip\":true},\"lost\":{\"parent\":\"nowhere\"},\"old\":{\"parent\":\"old-heart\"},"
      + "\"circle-a\":{\"parent\":\"circle-b\"},\"circle-b\":{\"parent\":\"circle-a\"}";

  private EmojiPictures open(Path jar, int side, AtomicInteger drawn) {
    return EmojiPictures.open(jar, folder.resolve("cache"), side, 2, (done, total) -> drawn.incrementAndGet());
  }

  private static int index(EmojiPictures data, String id) {
    return IntStream.range(0, data.size()).filter(i -> data.example(i).id().equals(id)).findFirst().orElseThrow();
  }

  private static String corners(Picture p) {
    int last = p.height() - 1;
    StringBuilder text = new StringBuilder();
    for (int[] at : new int[][] {{0, 0}, {0, last}, {last, 0}, {last, last}}) {
      text.append(String.format(" %02x%02x%02x", p.value(at[0], at[1], 0), p.value(at[0], at[1], 1), p.value(at[0], at[1], 2)));
    }
    return text.substring(1);
  }

  @Test
  void drawsNamesCountsAndCaches() throws IOException {
    Path jar = jar(NOTO, ALIASES);
    AtomicInteger drawn = new AtomicInteger();
    try (EmojiPictures data = open(jar, 16, drawn)) {
      List<String> noto = IntStream.range(0, data.size()).mapToObj(i -> data.example(i).id()).filter(id -> id.startsWith("noto/")).toList();
      assertEquals(List.of("noto/red-heart", "noto/wide", "noto/quarter", "noto/right-heart", "noto/quarter-turned", "noto/quarter-upended"), noto);
      assertEquals(6 + 9 * 2, data.size());
      // Hidden: old-heart and its alias. Leading nowhere: lost and the circle. Aliases: heart, again. Equal: twin-heart.
      assertEquals(new LeftOut(5, 2, 1), data.leftOut());
      assertEquals(List.of("noto/broken", "noto/nothing"), data.failures().stream().map(EmojiPictures.Failure::id).toList());
      assertEquals("is not well-formed SVG", data.failures().get(0).reason());
      assertEquals("comes out white all over", data.failures().get(1).reason());
      assertEquals(data.size() + data.failures().size(), drawn.get());
      assertEquals("a noto emoji of a red heart", data.example(0).caption());
      assertEquals(EmojiStyle.NOTO, data.style(0));
      assertEquals("red heart", data.thing(0));
      assertEquals("ff0000 ffffff ff0000 ffffff", corners(data.picture(0, 16)));
      assertEquals("ffffff ff0000 ffffff ff0000", corners(data.picture(index(data, "noto/right-heart"), 16)));
      assertEquals("00ff00 ffffff ffffff ffffff", corners(data.picture(index(data, "noto/quarter"), 16)));
      assertEquals("ffffff 00ff00 ffffff ffffff", corners(data.picture(index(data, "noto/quarter-turned"), 16)));
      assertEquals("ffffff ffffff 00ff00 ffffff", corners(data.picture(index(data, "noto/quarter-upended"), 16)));
      Picture wide = data.picture(index(data, "noto/wide"), 16);
      assertEquals("ffffff ffffff ffffff ffffff", corners(wide));
      assertEquals(0, wide.value(8, 0, 0));
      assertEquals(255, wide.value(8, 15, 2));
      EmojiPictures.StyleTerms terms = data.terms().getFirst();
      assertEquals("CC-BY-4.0", terms.spdx());
      assertEquals("Ann of NOTO", terms.author());
      assertEquals(6, terms.count());
      // Another side is rendered when it is first asked for.
      assertEquals(9, data.picture(0, 9).width());
      assertEquals("ff0000 ffffff ff0000 ffffff", corners(data.picture(0, 9)));
      assertThrows(IndexOutOfBoundsException.class, () -> data.picture(data.size(), 16));
    }
    int before = drawn.get();
    try (EmojiPictures again = open(jar, 16, drawn)) {
      assertEquals(before, drawn.get(), "the second opening must read the cache");
      assertEquals("ff0000 ffffff ff0000 ffffff", corners(again.picture(0, 16)));
      assertEquals(2, again.failures().size());
    }
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      assertEquals(2, files.filter(f -> f.toString().endsWith(".cache")).count());
    }
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      assertEquals(2, files.count(), "temporary files are left");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 17, 21, 30, 57, 66, 70, 4096, 5000, -1, -40, -100_000})
  void aDamagedCacheIsNoticedAndMadeAgain(int at) throws IOException {
    Path jar = jar(NOTO, ALIASES);
    AtomicInteger drawn = new AtomicInteger();
    open(jar, 16, drawn).close();
    Path cache;
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      cache = files.findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(cache);
    if (at == -100_000) {
      Files.write(cache, Arrays.copyOf(bytes, bytes.length - 1));
    } else {
      byte[] damaged = bytes.clone();
      damaged[Math.floorMod(at, bytes.length)] ^= 0x10;
      Files.write(cache, damaged);
    }
    String digest = EmojiArtifact.digest(jar);
    assertThrows(EmojiCache.DamagedException.class, () -> EmojiCache.open(cache, digest, 16).close());
    int before = drawn.get();
    open(jar, 16, drawn).close();
    assertEquals(2 * before, drawn.get());
    assertEquals(-1, Arrays.mismatch(bytes, Files.readAllBytes(cache)), "the same drawings must give the same file");
  }

  @Test
  void otherArtifactsAndSidesHaveOtherCaches() throws IOException {
    AtomicInteger drawn = new AtomicInteger();
    open(jar(NOTO, ALIASES), 16, drawn).close();
    EmojiPictures other = open(jar(NOTO.replace("#f00", "#0ff"), ALIASES), 16, drawn);
    assertEquals("00ffff ffffff 00ffff ffffff", corners(other.picture(0, 16)));
    other.close();
    other.close();
    assertThrows(IllegalStateException.class, () -> other.picture(0, 16));
  }

  @Test
  void badArtifactsAreNamed() throws IOException {
    AtomicInteger drawn = new AtomicInteger();
    Path missing = folder.resolve("none.jar");
    assertEquals("emoji artifact " + missing + ": does not exist; fetch org.webjars.npm:iconify__json with Maven and give its path",
        assertThrows(DataException.class, () -> open(missing, 16, drawn)).getMessage());
    Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
    assertTrue(assertThrows(DataException.class, () -> open(text, 16, drawn)).getMessage().contains("text.jar: is not a readable jar"));
    Path empty = folder.resolve("empty.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(empty))) {
      zip.putNextEntry(new ZipEntry("x"));
    }
    assertTrue(assertThrows(DataException.class, () -> open(empty, 16, drawn)).getMessage().contains("has no entry ending in /json/noto.json"));
    String cut = assertThrows(DataException.class, () -> open(jar("\"a\":{\"body\":\"<path", ""), 16, drawn)).getMessage();
    assertTrue(cut.contains("json/noto.json: is damaged"), cut);
    byte[] whole = Files.readAllBytes(jar(NOTO, ALIASES));
    Path half = Files.write(folder.resolve("half.jar"), Arrays.copyOf(whole, whole.length / 2));
    assertTrue(assertThrows(DataException.class, () -> open(half, 16, drawn)).getMessage().contains("half.jar: is not a readable jar"));
    assertThrows(IllegalArgumentException.class, () -> open(half, 7, drawn));
    Path blocked = Files.writeString(folder.resolve("blocked"), "in the way");
    String message = assertThrows(DataException.class,
        () -> EmojiPictures.open(jar(NOTO, ALIASES), blocked, 16, 1, (done, total) -> { })).getMessage();
    assertTrue(message.contains("cannot be written") && message.contains("choose another cache folder"), message);
  }

  @Test
  void aFailingListenerStopsTheRenderingAndLeavesNothing() throws IOException {
    Path jar = jar(NOTO, ALIASES);
    assertThrows(IllegalStateException.class, () -> EmojiPictures.open(jar, folder.resolve("cache"), 16, 2, (done, total) -> {
      throw new IllegalStateException("stop");
    }));
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void rendersGradientsMasksOpacityAndFilters() throws DrawingRenderer.DrawingException {
    DrawingRenderer renderer = new DrawingRenderer(16);
    EmojiSet.Box box = new EmojiSet.Box(0, 0, 16, 16);
    Picture gradient = new Picture(16, 16, renderer.draw("<defs><linearGradient id='a'><stop stop-color='#000'/><stop offset='1' "
        + "stop-color='#fff'/></linearGradient></defs><path fill='url(#a)' d='M0 0h16v16H0z'/>", box, EmojiSet.Turn.NONE));
    for (int c = 0; c < 16; c++) {
      // Java takes a gradient's colour at the corner of a pixel, SVG at its middle: half a step of 16, then cut to a whole grey level.
      assertEquals((c + 0.5) / 16 * 255, gradient.value(7, c, 0), 9);
    }
    Picture opacity = new Picture(16, 16, renderer.draw("<g opacity='.5'><path d='M0 0h16v16H0z'/></g>", box, EmojiSet.Turn.NONE));
    assertEquals(127.5, opacity.value(8, 8, 0), 1);
    Picture mask = new Picture(16, 16, renderer.draw("<mask id='m' x='0' y='0' width='16' height='16' maskUnits='userSpaceOnUse'>"
        + "<path fill='#fff' d='M0 0h8v16H0z'/></mask><g mask='url(#m)'><path d='M0 0h16v16H0z'/></g>", box, EmojiSet.Turn.NONE));
    assertEquals(0, mask.value(8, 3, 1));
    assertEquals(255, mask.value(8, 12, 1));
    Picture clip = new Picture(16, 16, renderer.draw("<clipPath id='c'><path d='M0 0h16v8H0z'/></clipPath><g clip-path='url(#c)'>"
        + "<path d='M0 0h16v16H0z'/></g>", box, EmojiSet.Turn.NONE));
    assertEquals(0, clip.value(3, 8, 2));
    assertEquals(255, clip.value(12, 8, 2));
    Picture soft = new Picture(16, 16, renderer.draw("<filter id='f' x='0' y='0' width='16' height='16' filterUnits='userSpaceOnUse'>"
        + "<feGaussianBlur stdDeviation='2'/></filter><g filter='url(#f)'><circle cx='8' cy='8' r='4'/></g>", box, EmojiSet.Turn.NONE));
    Set<Integer> greys = new HashSet<>();
    for (int c = 0; c < 16; c++) {
      greys.add(soft.value(8, c, 0));
    }
    assertTrue(greys.size() >= 6 && soft.value(8, 8, 0) < 90, greys.toString());
  }

  @Test
  @EnabledIfSystemProperty(named = "dalle.test.emoji.jar", matches = ".+",
      disabledReason = "give the path of the jar org.webjars.npm:iconify__json in the system property dalle.test.emoji.jar;"
          + " ./dalle test does, once ./dalle data or ./dalle demo has fetched it")
  void theRealArtifact() {
    try (EmojiPictures data = EmojiPictures.open(Path.of(System.getProperty("dalle.test.emoji.jar")), folder, 32, 2, (done, total) -> { })) {
      assertTrue(data.size() > 24_000, data.size() + " drawings");
      assertTrue(data.failures().size() < 20, data.failures().toString());
      data.terms().forEach(t -> assertTrue(t.count() > 700 && !t.spdx().equals("unknown"), t.toString()));
      Split split = data.split();
      assertEquals(0.05 * data.size(), split.heldOut().length, 0.01 * data.size());
      Set<EmojiStyle> styles = new HashSet<>();
      Set<String> things = new HashSet<>();
      Set<String> combinations = new HashSet<>();
      for (int i : split.training()) {
        styles.add(data.style(i));
        things.add(data.thing(i));
        combinations.add(data.example(i).caption());
      }
      List<String> ids = new ArrayList<>();
      for (int i : split.heldOut()) {
        assertTrue(styles.contains(data.style(i)) && things.contains(data.thing(i)), data.example(i).caption());
        assertFalse(combinations.contains(data.example(i).caption()), data.example(i).caption());
        ids.add(data.example(i).id());
      }
      assertEquals(ids.size(), new HashSet<>(ids).size());
      assertNotEquals(data.picture(0, 32), data.picture(1, 32));
    }
  }
}
