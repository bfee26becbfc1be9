package dev.dalle.trainer.stage;

/** Names of the numbers that a curve of stage two has for each resblock. */
public final class LoggedNumbers {
  /** Before a block's name: log2 of its gradient scale. */
  public static final String SCALE = "scale.";
  /** Before a block's name: checksum of its moments, a whole number below 2^48. */
  public static final String MOMENTS = "moments.";
  /** What stands for the parameters that are in no block. */
  private static final String OUTSIDE = "outside";

  private LoggedNumbers() {}

  /** The resblock of a parameter: {@code layer3.mlp} of {@code layer3.mlp.in.weight}. */
  static String block(String parameter) {
    String[] parts = parameter.split("\\.");
    return parts.length > 2 && parts[0].matches("layer\\d+") ? parts[0] + "." + parts[1] : OUTSIDE;
  }
}
