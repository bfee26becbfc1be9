package dev.dalle.trainer.shards;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.files.FileHash;
import java.io.IOException;
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

  /** What tells these shards from all others: SHA-256 of the manifest. */
  public String sha256() {
    return FileHash.sha256(ConfigJson.write(manifest));
  }

  /**
   * Fails unless the tokens are those of a dVAE.
   *
   * @param dvae its file of weights
   * @param model its sizes
   * @throws ConfigException naming both
   * @throws IOException if the file cannot be read
   */
  public void checkMadeWith(Path dvae, DvaeConfig model) throws IOException {
    ShardRecipe.Model here = new ShardRecipe.Model(FileHash.sha256(dvae), model.vocabulary(), model.gridSize(), model.gridSize(), model.imageSize());
    if (!here.equals(manifest.recipe().model())) {
      throw new ConfigException(ShardManifest.file(folder) + ": the tokens are those of the dVAE " + manifest.recipe().model().text() + ", " + dvae + " is "
          + here.text() + "; make them with dalle tokenize-images --weights " + dvae);
    }
  }

  /**
   * Fails unless the tokens are those of a data set's pictures, by ids, captions and split.
   *
   * @throws ConfigException naming both
   */
  public void checkMadeFrom(CaptionedPictures data) {
    ShardRecipe.Data here = ShardRecipe.Data.of(data, data.split());
    if (!here.equals(manifest.recipe().data())) {
      throw new ConfigException(ShardManifest.file(folder) + ": the tokens are those of the data set " + manifest.recipe().data().text()
          + ", the run's is " + here.text() + "; make them from the run's data with dalle tokenize-images");
    }
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
