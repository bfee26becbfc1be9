package dev.dalle.trainer.stage;

import dev.dalle.precision.scale.BlockCounts;
import dev.dalle.precision.scale.BlockHistograms;
import dev.dalle.precision.scale.GradientHistogram;
import dev.dalle.precision.scale.GradientTotals;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What there is to know of the gradients of stage two: why updates were skipped, what each resblock lost at its ends, and how large gradients were when they
 * were last looked at. {@code transformer.gradients.json} in a run's folder. One thread at a time.
 */
final class GradientLog {
  private static final String FORMAT = "dalle-gradients";
  private static final int VERSION = 1;
  /** Updates that are remembered one by one; of those before, totals tell. */
  private static final int MOST_SKIPS = 2000;

  /**
   * An update that was skipped.
   *
   * @param step its number
   * @param parameters whose gradients were not finite
   * @param divided blocks whose scale was divided for it
   */
  record Skip(long step, List<String> parameters, List<String> divided) {
    Skip {
      parameters = List.copyOf(parameters);
      divided = List.copyOf(divided);
    }
  }

  /**
   * A block's gradients.
   *
   * @param block name
   * @param elements that came into its branch, in all updates
   * @param filtered of them, not finite and replaced by zero
   * @param overflowed of them, infinite in the branch's type
   * @param underflowed of them, zero in the branch's type
   * @param leavingFiltered values that left the branch and were not finite
   * @param incoming how many elements of the gradient that came along the stream had {@code floor(log2 |x|)} equal to each key; "zero" and "not-finite" apart
   * @param inside the same of all gradients inside the branch, scaled
   */
  record Block(String block, long elements, long filtered, long overflowed, long underflowed, long leavingFiltered, Map<String, Long> incoming,
      Map<String, Long> inside) {}

  /** The file. */
  record Content(String format, int version, long step, long updates, long skipped, Map<String, Long> nonfinite, List<Skip> skips, long observedStep,
      List<Block> blocks) {}

  private final List<Skip> skips = new ArrayList<>();
  private Content content = new Content(FORMAT, VERSION, 0, 0, 0, Map.of(), List.of(), 0, List.of());

  private static Path file(Path folder) {
    return folder.resolve("transformer.gradients.json");
  }

  /**
   * That of a run; empty if it has none.
   *
   * @throws ConfigException if the file is damaged or of another version
   */
  static Optional<Content> read(Path folder) {
    if (!Files.exists(file(folder))) {
      return Optional.empty();
    }
    Content content = ConfigJson.read(file(folder), Content.class);
    if (!content.format.equals(FORMAT) || content.version != VERSION) {
      throw new ConfigException(file(folder) + ": expected format " + FORMAT + " version " + VERSION + ", found " + content.format + " version "
          + content.version + "; use the release that wrote it, or remove the file");
    }
    return Optional.of(content);
  }

  /** Goes on from what a stage left, as it was after so many updates. */
  void restore(Path folder, long step) {
    read(folder).ifPresent(found -> {
      found.skips.stream().filter(skip -> skip.step <= step).forEach(skips::add);
      content = found;
    });
  }

  /** Remembers an update that was skipped. */
  void add(long step, GradientVerdict verdict) {
    if (verdict.skipped()) {
      if (skips.size() == MOST_SKIPS) {
        skips.removeFirst();
      }
      skips.add(new Skip(step, verdict.parameters(), verdict.divided()));
    }
  }

  /** Takes over what all updates came to, and what was seen in the last one that was observed. */
  void update(long step, Optional<GradientTotals> totals, long observedStep, List<BlockHistograms> histograms) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < histograms.size(); i++) {
      BlockHistograms seen = histograms.get(i);
      int place = i;
      BlockCounts counts = totals.map(t -> t.blocks().get(place)).orElse(new BlockCounts(seen.block(), 0, 0, 0, 0, 0, 0));
      blocks.add(new Block(seen.block(), counts.elements(), counts.filtered(), counts.overflowed(), counts.underflowed(), counts.leavingFiltered(),
          bins(seen.incoming()), bins(seen.inside())));
    }
    content = new Content(FORMAT, VERSION, step, totals.map(GradientTotals::updates).orElse(step), totals.map(GradientTotals::skipped).orElse(0L),
        totals.map(GradientTotals::nonfinite).orElse(Map.of()), skips, observedStep, blocks);
  }

  private static Map<String, Long> bins(GradientHistogram histogram) {
    Map<String, Long> bins = new TreeMap<>();
    for (int exponent = -127; exponent <= 127; exponent++) {
      if (histogram.at(exponent) > 0) {
        bins.put(Integer.toString(exponent), (long) histogram.at(exponent));
      }
    }
    bins.put("zero", (long) histogram.zeros());
    bins.put("not-finite", (long) histogram.nonfinite());
    return bins;
  }

  /** Writes the file, as a whole. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    AtomicFiles.writeString(file(folder), ConfigJson.write(content));
  }
}
