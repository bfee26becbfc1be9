package dev.dalle.trainer.shards;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code manifest.json} beside the shards. Written when the work begins and again when it is done.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param complete whether all shards are there; the lists below are empty until then
 * @param recipe what the shards are a function of
 * @param shards in their order, those of the training part first
 * @param skipped pictures that have no tokens because they could not be read
 */
public record ShardManifest(String format, int version, boolean complete, ShardRecipe recipe, List<Shard> shards, List<SkippedPicture> skipped) {
  /** Name of the format. */
  public static final String FORMAT = "dalle-token-shards";
  /** The version that this code reads and writes. */
  public static final int VERSION = 1;

  /**
   * One shard.
   *
   * @param file its name in the folder
   * @param part its side of the split
   * @param pictures that it has tokens of
   */
  public record Shard(String file, ShardPart part, int pictures) {}

  /** Copies the lists. */
  public ShardManifest {
    shards = List.copyOf(shards);
    skipped = List.copyOf(skipped);
  }

  static ShardManifest begun(ShardRecipe recipe) {
    return new ShardManifest(FORMAT, VERSION, false, recipe, List.of(), List.of());
  }

  static ShardManifest done(ShardRecipe recipe, List<Shard> shards, List<SkippedPicture> skipped) {
    return new ShardManifest(FORMAT, VERSION, true, recipe, shards, skipped);
  }

  /** Where it lies. */
  public static Path file(Path folder) {
    return folder.resolve("manifest.json");
  }

  /**
   * That of a folder, if there is one.
   *
   * @throws ConfigException if it is damaged, of another version or of something else
   */
  public static Optional<ShardManifest> read(Path folder) {
    Path file = file(folder);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    // Before the fields: others have other fields, and the name says more than an unknown key.
    String format = ConfigJson.textAt(file, "format").orElse("no format name");
    long version = ConfigJson.longAt(file, "version").orElse(0);
    if (!format.equals(FORMAT) || version != VERSION) {
      throw new ConfigException(file + ": expected format " + FORMAT + " version " + VERSION + ", found " + format + " version " + version
          + (format.equals(FORMAT) ? "; use the release that wrote it, or a newer one" : "; name the folder of token shards"));
    }
    return Optional.of(ConfigJson.read(file, ShardManifest.class));
  }

  /** Writes it, as a whole or not at all. */
  void write(Path folder) throws IOException {
    AtomicFiles.writeString(file(folder), ConfigJson.write(this));
  }

  /** Pictures that have tokens. */
  public long pictures(ShardPart part) {
    return shards.stream().filter(shard -> shard.part() == part).mapToLong(Shard::pictures).sum();
  }
}
