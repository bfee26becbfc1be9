package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Emoji drawings in ten styles, about 24,000 pictures with captions such as "a noto emoji of a red heart", from the data jar
 * {@code org.webjars.npm:iconify__json}. Rendered once for each side into a cache file, which is then mapped into memory.
 * Held out are combinations of a style and a name that training never shows together, {@link Split#byCombination}.
 */
public final class EmojiPictures implements CaptionedPictures {
  private static final Logger LOG = LogManager.getLogger(EmojiPictures.class);

  /** Told while drawings are rendered; from several threads. */
  @FunctionalInterface
  public interface Progress {
    /**
     * @param done drawings rendered so far
     * @param total drawings to render
     */
    void drawn(int done, int total);
  }

  /**
   * Whose the drawings of a style are.
   *
   * @param style which
   * @param title licence in words
   * @param spdx its SPDX identifier
   * @param url its text
   * @param author who drew
   * @param source where they were published
   * @param count drawings in this data set
   */
  public record StyleTerms(EmojiStyle style, String title, String spdx, String url, String author, String source, int count) {}

  /**
   * A drawing that could not be rendered and is therefore no example.
   *
   * @param id which
   * @param reason why
   */
  public record Failure(String id, String reason) {}

  /**
   * What was left out on purpose.
   *
   * @param withdrawn drawings hidden by their set, older twins of others
   * @param sameByAlias names that only repeat a drawing
   * @param sameByBody drawings equal to an earlier one of their style
   */
  public record LeftOut(int withdrawn, int sameByAlias, int sameByBody) {}

  private final Path artifact;
  private final Path cacheFolder;
  private final String digest;
  private final int threads;
  private final Progress progress;
  private final EmojiIndex index;
  private final Map<Integer, EmojiCache> bySide = new HashMap<>();
  private boolean closed;

  /**
   * Opens the drawings, rendering them first if the cache folder does not have them.
   *
   * @param artifact the jar
   * @param cacheFolder where rendered drawings are kept; made if missing
   * @param side at which they will mostly be asked for
   * @param threads that render
   * @param progress told while rendering
   * @throws DataException if the jar is missing, damaged or not that artifact, or the cache cannot be written
   */
  public static EmojiPictures open(Path artifact, Path cacheFolder, int side, int threads, Progress progress) {
    if (side < 8 || side > 1024 || threads < 1) {
      throw new IllegalArgumentException(
          "emoji: expected a side of 8 to 1024 pixels and at least 1 thread, got side " + side + ", threads " + threads);
    }
    return new EmojiPictures(artifact, cacheFolder, side, threads, progress);
  }

  private EmojiPictures(Path artifact, Path cacheFolder, int side, int threads, Progress progress) {
    this.artifact = artifact;
    this.cacheFolder = cacheFolder;
    this.threads = threads;
    this.progress = progress;
    if (!Files.isRegularFile(artifact)) {
      // Says what is missing before anything is read.
      new EmojiArtifact(artifact).close();
    }
    this.digest = EmojiArtifact.digest(artifact);
    EmojiCache first = openCache(side);
    this.bySide.put(side, first);
    this.index = first.index();
    if (index.examples().isEmpty()) {
      close();
      throw new DataException("emoji artifact " + artifact + ": none of its drawings could be rendered; first reason: "
          + index.failures().stream().findFirst().map(f -> f.id() + " " + f.reason()).orElse("there are none"));
    }
  }

  private synchronized EmojiCache cache(int side) {
    if (closed) {
      throw new IllegalStateException("the emoji data set is closed");
    }
    EmojiCache open = bySide.get(side);
    if (open == null) {
      open = openCache(side);
      if (!missing(open.index()).equals(missing(index))) {
        String message = "emoji: at side " + side + " the drawings " + missing(open.index()) + " fail, and at the side this data set"
            + " was opened with " + missing(index) + "; open it with side " + side;
        open.close();
        throw new DataException(message);
      }
      bySide.put(side, open);
    }
    return open;
  }

  private static List<String> missing(EmojiIndex index) {
    return index.failures().stream().map(EmojiIndex.Failure::id).toList();
  }

  private EmojiCache openCache(int side) {
    Path file = EmojiCache.file(cacheFolder, digest, side);
    try {
      if (Files.exists(file)) {
        try {
          return EmojiCache.open(file, digest, side);
        } catch (EmojiCache.DamagedException e) {
          LOG.warn("rendered emoji cache {} is unfit: {}; the drawings are rendered again", file, e.getMessage());
        }
      }
      render(file, side);
      return EmojiCache.open(file, digest, side);
    } catch (EmojiCache.DamagedException e) {
      throw new DataException("rendered emoji cache " + file + ": was just written, but " + e.getMessage()
          + "; check the disk or choose another cache folder", e);
    } catch (IOException e) {
      throw new DataException("rendered emoji cache " + file + ": cannot be read (" + e.getMessage()
          + "); delete it or choose another cache folder", e);
    }
  }

  private void render(Path file, int side) {
    try (EmojiArtifact jar = new EmojiArtifact(artifact)) {
      Map<EmojiStyle, EmojiSet> sets = new EnumMap<>(EmojiStyle.class);
      for (EmojiStyle style : EmojiStyle.values()) {
        sets.put(style, jar.scan(style));
      }
      new EmojiCacheWriter(jar, EmojiCatalogue.of(sets), side, threads, progress).write(file, digest);
    }
  }

  @Override
  public String name() {
    return "emoji";
  }

  @Override
  public int size() {
    return index.examples().size();
  }

  @Override
  public Example example(int index) {
    EmojiIndex.Entry entry = entry(index);
    return new Example(entry.id(), entry.caption());
  }

  /**
   * {@inheritDoc}
   *
   * <p>The first picture of a new side renders all drawings at that side.
   *
   * @throws DataException if a drawing can be rendered at one side and not at this one
   */
  @Override
  public Picture picture(int index, int side) {
    EmojiIndex.Entry entry = entry(index);
    EmojiCache cache = cache(side);
    return cache.picture(entry.slot());
  }

  /**
   * The style of an example.
   *
   * @param index 0 to size - 1
   */
  public EmojiStyle style(int index) {
    return entry(index).style();
  }

  /**
   * What an example shows, in words, without style or article.
   *
   * @param index 0 to size - 1
   */
  public String thing(int index) {
    return entry(index).name();
  }

  private EmojiIndex.Entry entry(int index) {
    if (index < 0 || index >= size()) {
      throw new IndexOutOfBoundsException("example " + index + " of emoji; there are " + size());
    }
    return this.index.examples().get(index);
  }

  /** Combinations of style and name, {@link Split#byCombination}. */
  @Override
  public Split split() {
    return Split.byCombination(index.examples().stream().map(e -> e.style().set()).toList(),
        index.examples().stream().map(EmojiIndex.Entry::name).toList(), Split.SHARE);
  }

  /** Licence, author and number of drawings of each style. */
  public List<StyleTerms> terms() {
    Map<EmojiStyle, Integer> counts = new EnumMap<>(EmojiStyle.class);
    index.examples().forEach(e -> counts.merge(e.style(), 1, Integer::sum));
    List<StyleTerms> terms = new ArrayList<>();
    for (EmojiIndex.Terms t : index.licences()) {
      EmojiSet.Licence l = t.licence();
      terms.add(new StyleTerms(t.style(), l.title(), l.spdx(), l.url(), l.author(), l.source(), counts.getOrDefault(t.style(), 0)));
    }
    return List.copyOf(terms);
  }

  /** The drawings that could not be rendered. */
  public List<Failure> failures() {
    return index.failures().stream().map(f -> new Failure(f.id(), f.reason())).toList();
  }

  /** What was left out on purpose. */
  public LeftOut leftOut() {
    return new LeftOut(index.withdrawn(), index.sameByAlias(), index.sameByBody());
  }

  @Override
  public synchronized void close() {
    closed = true;
    bySide.values().forEach(EmojiCache::close);
    bySide.clear();
  }
}
