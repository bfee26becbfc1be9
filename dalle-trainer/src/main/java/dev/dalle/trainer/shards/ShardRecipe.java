package dev.dalle.trainer.shards;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataFingerprint;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.run.Compute;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Everything that token shards are a function of, beside the bytes of the pictures: equal recipes give equal bytes on the same kind of processor.
 *
 * @param model the dVAE
 * @param data the captioned pictures
 * @param augmentedCopies of each picture of the training part, varied as the paper varies them (its Listing 2) in place of the centre crop; 0 for the centre crop
 * @param seed of the variations; 0 without them, where there is no chance
 * @param compute type of the convolutions
 * @param threads that compute; sums are split by thread
 * @param batch pictures through the network at a time
 * @param shardSize pictures a shard, those that cannot be read counted
 */
public record ShardRecipe(Model model, Data data, int augmentedCopies, long seed, Compute compute, int threads, int batch, int shardSize) {
  /** Pictures a shard at most: its header, in which the captions are, has a limit. */
  public static final int MOST_PER_SHARD = 1 << 16;

  /**
   * The dVAE.
   *
   * @param sha256 of its file of weights, 64 hexadecimal digits
   * @param codes tokens go from 0 to {@code codes - 1}
   * @param rows of tokens a picture
   * @param columns of tokens a picture
   * @param imageSize side of the pictures that are encoded, in pixels
   */
  public record Model(String sha256, int codes, int rows, int columns, int imageSize) {
    /** Checks the sizes. */
    public Model {
      require(codes >= 1 && rows >= 1 && columns >= 1 && imageSize >= 1, "model", "codes, rows, columns and imageSize of at least 1",
          codes + ", " + rows + ", " + columns + ", " + imageSize);
    }

    String text() {
      return FileHash.shortened(sha256) + " (" + rows + " x " + columns + " tokens of " + codes + ")";
    }
  }

  /**
   * The captioned pictures.
   *
   * @param name of the data set
   * @param training number of examples that are trained on
   * @param heldOut number of examples that are held out
   * @param sha256 of all ids and captions and which are held out, {@link DataFingerprint}
   */
  public record Data(String name, int training, int heldOut, String sha256) {
    /** Checks the counts. */
    public Data {
      require(training >= 0 && heldOut >= 0 && training + heldOut >= 1, "data", "at least one example", training + " and " + heldOut);
    }

    /** That of an open data set. */
    public static Data of(CaptionedPictures data, Split split) {
      return new Data(data.name(), split.training().length, split.heldOut().length, DataFingerprint.of(data, split));
    }

    String text() {
      return name + " with " + training + " examples for training and " + heldOut + " held out (ids and captions " + FileHash.shortened(sha256) + ")";
    }
  }

  /** Checks the numbers. */
  public ShardRecipe {
    require(augmentedCopies >= 0 && (long) augmentedCopies * data.training() <= Integer.MAX_VALUE, "augmentedCopies",
        "0 or more, and at most 2^31 - 1 pictures in all", augmentedCopies);
    require(threads >= 1 && batch >= 1, "threads and batch", "at least 1", threads + " and " + batch);
    require(shardSize >= 1 && shardSize <= MOST_PER_SHARD, "shardSize", "1 to " + MOST_PER_SHARD, shardSize);
    seed = augmentedCopies == 0 ? 0 : seed;
  }

  private static void require(boolean right, String what, String expected, Object found) {
    if (!right) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** Pictures of a part, each copy counted. */
  int rows(ShardPart part) {
    return part == ShardPart.TRAINING ? data.training() * Math.max(1, augmentedCopies) : data.heldOut();
  }

  /** What a shard names it by. */
  String sha256() {
    return FileHash.sha256(ConfigJson.write(this));
  }

  /**
   * How another recipe differs, in words.
   *
   * @param asked the other
   * @return such as {@code --batch 16, not 32}; empty if they are equal
   */
  List<String> differences(ShardRecipe asked) {
    List<String> found = new ArrayList<>();
    if (!model.equals(asked.model)) {
      found.add("the dVAE " + model.text() + ", not " + asked.model.text());
    }
    if (!data.equals(asked.data)) {
      found.add("the data set " + data.text() + ", not " + asked.data.text());
    }
    add(found, "--augment", augmentedCopies, asked.augmentedCopies);
    add(found, "--seed", seed, asked.seed);
    add(found, "--compute", compute.name().toLowerCase(Locale.ROOT), asked.compute.name().toLowerCase(Locale.ROOT));
    add(found, "--threads", threads, asked.threads);
    add(found, "--batch", batch, asked.batch);
    add(found, "--shard-size", shardSize, asked.shardSize);
    return found;
  }

  private static void add(List<String> found, String option, Object there, Object asked) {
    if (!there.equals(asked)) {
      found.add(option + " " + there + ", not " + asked);
    }
  }
}
