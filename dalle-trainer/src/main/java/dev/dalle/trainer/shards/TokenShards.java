package dev.dalle.trainer.shards;

import dev.dalle.trainer.config.ConfigException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The tokens of a data set's pictures, as {@code dalle tokenize-images} left them in a folder. */
public final class TokenShards {
  private final Path folder;
  private final ShardManifest manifest;

  /**
   * Pictures of one part, in the order of its shards.
   *
   * @param captions one a picture
   * @param tokens {@code [pictures][rows * columns]}
   */
  public record Examples(List<String> captions, int[][] tokens) {}

  private TokenShards(Path folder, ShardManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * Opens a folder; reads no tokens.
   *
   * @throws ConfigException if it has no manifest, one of something else, or one of work that is not done
   */
  public static TokenShards open(Path folder) {
    ShardManifest manifest = ShardManifest.read(folder).orElseThrow(() -> new ConfigException(folder
        + ": has no manifest.json of token shards; make them with dalle tokenize-images --out " + folder));
    if (!manifest.complete()) {
      throw new ConfigException(ShardManifest.file(folder) + ": not all shards are there yet; the same dalle tokenize-images goes on with them");
    }
    return new TokenShards(folder, manifest);
  }

  /** What the shards are. */
  public ShardManifest manifest() {
    return manifest;
  }

  /**
   * Reads all shards of a part and checks every token.
   *
   * @throws ConfigException if one is missing or damaged; the message names it
   */
  public Examples read(ShardPart part) {
    List<String> captions = new ArrayList<>();
    List<int[]> tokens = new ArrayList<>();
    for (ShardRange range : ShardRange.all(manifest.recipe())) {
      if (range.part() == part) {
        ShardFile.read(folder, manifest.recipe(), range, tokens).forEach(entry -> captions.add(entry.caption()));
      }
    }
    return new Examples(captions, tokens.toArray(int[][]::new));
  }
}
