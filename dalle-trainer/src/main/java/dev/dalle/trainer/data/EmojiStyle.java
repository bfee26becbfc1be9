package dev.dalle.trainer.data;

/**
 * The styles of emoji drawings, each one set of the artifact {@code org.webjars.npm:iconify__json}. The order is the order of the
 * examples.
 */
public enum EmojiStyle {
  /** Google's Noto Emoji. */
  NOTO("noto", "noto"),
  /** Twitter's Twemoji. */
  TWEMOJI("twemoji", "twitter"),
  /** OpenMoji: thin black outlines. */
  OPENMOJI("openmoji", "openmoji"),
  /** Microsoft's Fluent Emoji with their soft shading. */
  FLUENT("fluent-emoji", "fluent"),
  /** Fluent Emoji in flat colours. */
  FLUENT_FLAT("fluent-emoji-flat", "flat fluent"),
  /** EmojiOne 2, kept as EmojiTwo. */
  EMOJIONE("emojione", "emojione"),
  /** The first Noto Emoji. */
  NOTO_V1("noto-v1", "old noto"),
  /** The first EmojiOne. */
  EMOJIONE_V1("emojione-v1", "old emojione"),
  /** Firefox OS. */
  FXEMOJI("fxemoji", "firefox"),
  /** Streamline's emojis. */
  STREAMLINE("streamline-emojis", "streamline");

  private final String set;
  private final String spoken;

  EmojiStyle(String set, String spoken) {
    this.set = set;
    this.spoken = spoken;
  }

  /** Name of the set in the artifact. */
  public String set() {
    return set;
  }

  /** What captions call it. */
  public String spoken() {
    return spoken;
  }

  /** The names of the Fluent sets say {@code -medium-dark} where others say {@code -medium-dark-skin-tone}. */
  boolean shortTones() {
    return this == FLUENT || this == FLUENT_FLAT;
  }
}
