package dev.dalle.trainer.shards;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.data.BatchLoader;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DerivedRandom;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.progress.Progress;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the token shards of a data set: threads of its own read and vary pictures while the calling thread encodes those that are ready. A shard is written
 * when it is whole; whatever stops the work, the next start keeps the shards that are there and makes the others, with the bytes that work without a stop
 * would have written. At most {@code workers + 3} batches of pictures and one shard of tokens are in memory.
 *
 * <p>Nobody else may work in the folder meanwhile: lock it.
 */
public final class ShardTokenizer {
  /** Keeps the random numbers of variations apart from others of the same seed. */
  private static final long VARIATION = 5;

  private final CaptionedPictures data;
  private final ShardRecipe recipe;
  private final Path folder;
  private final int workers;
  private final boolean skipBad;
  private final Map<ShardPart, int[]> parts = new EnumMap<>(ShardPart.class);

  /** Turns pictures into tokens. */
  @FunctionalInterface
  public interface Encoder {
    /**
     * Tokens of a batch.
     *
     * @param pixels {@code [count, side, side, 3]}, F32 in [0, 1]
     * @param count pictures, 1 or more
     * @return {@code [count, rows, columns]}
     */
    int[] encode(float[] pixels, int count);
  }

  /**
   * What came of it.
   *
   * @param manifest that was written
   * @param keptShards shards that were there already
   * @param encoded pictures that were encoded now
   * @param seconds that this took
   */
  public record Result(ShardManifest manifest, int keptShards, long encoded, double seconds) {}

  /** Pictures that are ready to be encoded. */
  private record Prepared(int rows, float[] pixels, List<ShardFile.Entry> pictures, List<SkippedPicture> skipped) {}

  /**
   * Work to be done.
   *
   * @param data whose ids, captions and split are those of the recipe
   * @param split that of the data
   * @param recipe what the shards are a function of
   * @param folder new, empty, or of earlier work
   * @param workers threads that read pictures, 1 or more; the result does not depend on it
   * @param skipBad whether pictures that cannot be read are left out and listed, in place of ending the work
   */
  public ShardTokenizer(CaptionedPictures data, Split split, ShardRecipe recipe, Path folder, int workers, boolean skipBad) {
    if (workers < 1) {
      throw new IllegalArgumentException("workers: expected 1 or more, got " + workers);
    }
    this.data = data;
    this.recipe = recipe;
    this.folder = folder;
    this.workers = workers;
    this.skipBad = skipBad;
    for (ShardPart part : ShardPart.values()) {
      parts.put(part, part.of(split));
    }
  }

  /**
   * Fails if the folder holds something that this work cannot go on with. Writes nothing.
   *
   * @throws ConfigException saying what is there and what to do
   */
  public static void check(Path folder, ShardRecipe recipe) {
    Optional<ShardManifest> found = ShardManifest.read(folder);
    if (found.isEmpty()) {
      refuseOtherFiles(folder);
      return;
    }
    List<String> differences = found.get().recipe().differences(recipe);
    if (!differences.isEmpty()) {
      throw new ConfigException(ShardManifest.file(folder) + ": these shards were made with " + String.join(", and with ", differences)
          + ": ask for the same to go on with them, or name another folder with --out");
    }
  }

  private static void refuseOtherFiles(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    // Hidden ones are the lock and what a killed process has left.
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, file -> !file.getFileName().toString().startsWith("."))) {
      if (files.iterator().hasNext()) {
        throw new ConfigException(folder + ": is not empty, and has no manifest.json of token shards; name a new or empty folder");
      }
    } catch (IOException e) {
      throw new ConfigException(folder + ": cannot be listed (" + e.getMessage() + "); name a folder", e);
    }
  }

  /**
   * Makes the shards that are not there, then the manifest.
   *
   * @param encoder called by this thread alone
   * @param device any; tokens pass through its memory on their way to a file
   * @throws ConfigException if the folder holds other work, or a shard there is damaged
   * @throws PictureException at the first picture that cannot be read, unless those are skipped; the shards before it stay
   * @throws IOException if a file cannot be written; the shards before it stay
   */
  public Result run(Encoder encoder, Device device, Progress progress) throws IOException {
    check(folder, recipe);
    Map<ShardRange, ShardSummary> there = new LinkedHashMap<>();
    List<ShardRange> missing = new ArrayList<>();
    for (ShardRange range : ShardRange.all(recipe)) {
      if (Files.exists(range.file(folder))) {
        there.put(range, kept(range));
      } else {
        missing.add(range);
      }
    }
    if (ShardManifest.read(folder).isEmpty()) {
      ShardManifest.begun(recipe).write(folder);
    }
    int kept = there.size();
    long done = there.keySet().stream().mapToLong(ShardRange::rows).sum();
    long total = done + missing.stream().mapToLong(ShardRange::rows).sum();
    ShardPlan plan = new ShardPlan(missing, recipe.batch());
    long encoded = 0;
    long start = System.nanoTime();
    try (Progress.Stage shown = progress.stage("tokenize pictures", done, total);
        BatchLoader<Prepared> batches = new BatchLoader<>(plan, recipe.seed(), 0, workers + 1, workers, job -> prepare(job, plan.batch(job.number())))) {
      for (ShardRange range : missing) {
        ShardFile.Writer shard = new ShardFile.Writer(recipe, range);
        while (!shard.full()) {
          Prepared batch = batches.next();
          int count = batch.pictures().size();
          shard.add(count == 0 ? new int[0] : encoder.encode(batch.pixels(), count), batch.pictures(), batch.skipped());
          encoded += count;
          done += batch.rows();
          shown.step(done, count);
        }
        there.put(range, shard.write(folder, device));
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Result(finished(there), kept, encoded, seconds);
  }

  private ShardSummary kept(ShardRange range) {
    ShardSummary summary = ShardFile.summary(folder, recipe, range);
    if (!skipBad && !summary.skipped().isEmpty()) {
      SkippedPicture first = summary.skipped().getFirst();
      throw new ConfigException(range.file(folder) + ": was made without " + summary.skipped().size() + " of its pictures, which could not be read ("
          + first.id() + ": " + first.reason() + "); go on with --skip-bad, or mend the pictures and remove this file");
    }
    return summary;
  }

  private ShardManifest finished(Map<ShardRange, ShardSummary> there) throws IOException {
    List<ShardManifest.Shard> shards = new ArrayList<>();
    List<SkippedPicture> skipped = new ArrayList<>();
    for (ShardRange range : ShardRange.all(recipe)) {
      ShardSummary summary = there.get(range);
      shards.add(new ShardManifest.Shard(range.fileName(), range.part(), summary.pictures()));
      skipped.addAll(summary.skipped());
    }
    if (shards.stream().allMatch(shard -> shard.pictures() == 0)) {
      throw new ConfigException(folder + ": none of the pictures could be read; the first, " + skipped.getFirst().id() + ": " + skipped.getFirst().reason());
    }
    ShardManifest manifest = ShardManifest.done(recipe, shards, skipped);
    manifest.write(folder);
    return manifest;
  }

  private Prepared prepare(BatchLoader.Job job, ShardPlan.Batch batch) {
    int[] part = parts.get(batch.shard().part());
    int side = recipe.model().imageSize();
    int length = Math.multiplyExact(side * side, Picture.CHANNELS);
    float[] pixels = new float[Math.multiplyExact(batch.rows(), length)];
    List<ShardFile.Entry> pictures = new ArrayList<>(batch.rows());
    List<SkippedPicture> skipped = new ArrayList<>();
    for (int row : job.indices()) {
      job.checkWanted();
      int index = part[row % part.length];
      int copy = row / part.length;
      CaptionedPictures.Example example = data.example(index);
      try {
        PictureFloats.put(picture(batch.shard().part(), index, copy), pixels, pictures.size() * length);
        pictures.add(new ShardFile.Entry(example.id(), example.caption(), copy));
      } catch (PictureException e) {
        if (!skipBad) {
          throw e;
        }
        skipped.add(new SkippedPicture(example.id(), copy, e.getCause().getMessage()));
      }
    }
    return new Prepared(batch.rows(), skipped.isEmpty() ? pixels : Arrays.copyOf(pixels, pictures.size() * length), pictures, skipped);
  }

  /** As the paper: the training part is varied, what is measured on is not. The chance of a picture is its own, whatever batch it is in. */
  private Picture picture(ShardPart part, int index, int copy) {
    int side = recipe.model().imageSize();
    if (recipe.augmentedCopies() == 0 || part == ShardPart.HELD_OUT) {
      return FittedPicture.of(data, index, side);
    }
    return FittedPicture.varied(data, index, 9 * side / 8, Augmentation.transformer(side), new DerivedRandom(recipe.seed(), VARIATION, copy, index));
  }
}
