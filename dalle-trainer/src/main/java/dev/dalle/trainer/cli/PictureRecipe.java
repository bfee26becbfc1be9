package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.Compute;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that a drawn picture is a function of. It stands in the picture's file, in texts that begin with {@code dalle.}, so that the picture can
 * be drawn again.
 *
 * @param caption what was drawn
 * @param seed of the random numbers
 * @param settings how
 * @param models with what
 */
record PictureRecipe(String caption, long seed, Settings settings, ModelHashes models) {
  private static final String CAPTION = "dalle.caption";
  private static final String SEED = "dalle.seed";
  private static final String SETTINGS = "dalle.settings";
  private static final String MODELS = "dalle.models";

  /**
   * How a picture was drawn.
   *
   * @param format {@link #FORMAT}
   * @param version {@link #VERSION}
   * @param prompt number of the caption in its command, from 0: the random numbers depend on it
   * @param image number of the picture among those of its caption, from 0: the random numbers depend on it
   * @param temperature as in {@link SamplingOptions}
   * @param topK as in {@link SamplingOptions}
   * @param topP as in {@link SamplingOptions}
   * @param guidance as in {@link SamplingOptions}
   * @param keepRows rows of tokens that were given
   * @param prefix those tokens, row by row
   * @param compute type of the products
   * @param threads that computed: sums are split by thread
   * @param device that computed; not read again
   */
  record Settings(String format, int version, int prompt, int image, double temperature, int topK, double topP, double guidance, int keepRows,
      List<Integer> prefix, Compute compute, int threads, String device) {
    static final String FORMAT = "dalle-picture";
    static final int VERSION = 1;

    Settings {
      if (!format.equals(FORMAT) || version != VERSION) {
        throw new IllegalArgumentException("expected format " + FORMAT + " version " + VERSION + ", found " + format + " version " + version
            + "; use the release that wrote it, or a newer one");
      }
      if (prompt < 0 || image < 0 || keepRows < 0 || threads < 1 || threads > ThreadsOption.MOST) {
        throw new IllegalArgumentException("expected prompt, image and keepRows of 0 or more and 1 to " + ThreadsOption.MOST + " threads, found prompt "
            + prompt + ", image " + image + ", keepRows " + keepRows + ", threads " + threads);
      }
      // Checks its numbers.
      new SamplingOptions(temperature, topK, topP, guidance, 0, 1);
      prefix = List.copyOf(prefix);
    }

    /** The same for another image of another prompt. */
    Settings of(int newPrompt, int newImage) {
      return new Settings(format, version, newPrompt, newImage, temperature, topK, topP, guidance, keepRows, prefix, compute, threads, device);
    }

    /** The tokens that were given. */
    int[] prefixTokens() {
      return prefix.stream().mapToInt(Integer::intValue).toArray();
    }
  }

  /** How its tokens are drawn, so many images at a time. */
  SamplingOptions sampling(int batch) {
    return new SamplingOptions(settings.temperature(), settings.topK(), settings.topP(), settings.guidance(), seed, batch);
  }

  /** As texts of a PNG file; the first two are for people and for programs that know nothing of this one. */
  Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("Description", caption);
    texts.put("Software", "dalle");
    texts.put(CAPTION, caption);
    texts.put(SEED, Long.toString(seed));
    texts.put(SETTINGS, ConfigJson.write(settings));
    texts.put(MODELS, ConfigJson.write(models));
    return texts;
  }

  /**
   * That of a file.
   *
   * @throws CommandException if it has none
   * @throws dev.dalle.trainer.config.ConfigException if what it has is damaged or of another version
   * @throws dev.dalle.trainer.picture.PictureException if the file is missing, damaged or no PNG file
   */
  static PictureRecipe of(Path file) {
    Map<String, String> texts = PictureFiles.pngTexts(file);
    for (String key : List.of(CAPTION, SEED, SETTINGS, MODELS)) {
      if (!texts.containsKey(key)) {
        throw new CommandException(file + ": does not say how it was drawn, the text " + key + " is not in it; only pictures of dalle generate and dalle"
            + " complete as they wrote them can be repeated");
      }
    }
    Settings settings = ConfigJson.parse(texts.get(SETTINGS), file + ", text " + SETTINGS, Settings.class);
    ModelHashes models = ConfigJson.parse(texts.get(MODELS), file + ", text " + MODELS, ModelHashes.class);
    return new PictureRecipe(texts.get(CAPTION), seed(texts.get(SEED), file), settings, models);
  }

  /**
   * Fails if a model cannot draw this: somebody has changed the text, as the model is the one that drew it.
   *
   * @param file for the message
   */
  void checkFits(TransformerConfig model, Path file) {
    boolean tokens = settings.prefix().stream().allMatch(token -> token >= 0 && token < model.imageVocabulary());
    boolean rows = settings.keepRows() <= model.gridSide() && settings.prefix().size() == settings.keepRows() * model.gridSide();
    if (!tokens || !rows || settings.topK() > model.imageVocabulary()) {
      throw new CommandException(file + ", text " + SETTINGS + ": does not fit the model, which has a grid of " + model.gridSide() + " x " + model.gridSide()
          + " tokens of " + model.imageVocabulary() + "; the text was changed");
    }
  }

  private static long seed(String text, Path file) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new CommandException(file + ", text " + SEED + ": expected a whole number of 64 bits, found '" + text.substring(0, Math.min(40, text.length()))
          + "'", e);
    }
  }
}
