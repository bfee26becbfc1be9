package dev.dalle.trainer.data;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Writes the caption of a drawing: "a noto emoji of a red heart". */
final class Captions {
  /** Words after which a name only says more about what came before. */
  private static final Set<String> JOINTS = Set.of("with", "without", "of", "in", "on", "at", "for", "from", "behind", "over", "under",
      "up", "down", "and", "pointed", "crossed", "tilted", "above", "below", "inside", "not", "together");

  private static final Set<String> COUNTS = Set.of("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
      "eleven", "twelve", "no", "multiple");
  private static final Set<String> SINGULARS_IN_S = Set.of("bus", "gas", "canvas", "gps", "christmas", "sos", "vs", "lens", "mars",
      "series", "news", "aries", "pisces", "mrs", "mens", "womens");
  private static final Set<String> PLURALS = Set.of("people", "men", "women", "children", "feet", "teeth", "mice", "oxen", "dice");
  private static final List<String> A_BEFORE_VOWEL = List.of("uni", "euro", "ufo", "uk", "us ", "one", "ewe", "utensil", "u ");
  private static final Set<String> AN_BEFORE_CONSONANT = Set.of("x", "sos", "ng", "nd", "mri", "hourglass", "hour", "honest", "f", "l",
      "m", "n", "r", "s", "h", "fm");

  private Captions() {}

  /** The whole caption. */
  static String caption(EmojiStyle style, String name) {
    String drawing = style.spoken() + " emoji";
    return article(drawing) + " " + drawing + " of " + (standsAlone(name) ? name : article(name) + " " + name);
  }

  private static String article(String phrase) {
    String first = phrase.split(" ", 2)[0];
    if (first.equals("flag") && phrase.startsWith("flag of ")) {
      return "the";
    }
    if (AN_BEFORE_CONSONANT.contains(first)) {
      return "an";
    }
    boolean vowel = "aeiou8".indexOf(phrase.charAt(0)) >= 0;
    return vowel && A_BEFORE_VOWEL.stream().noneMatch((phrase + " ")::startsWith) ? "an" : "a";
  }

  private static boolean joint(String word) {
    return JOINTS.contains(word) || word.endsWith("ing") && !word.equals("ring") && !word.equals("string");
  }

  /** Counted things and plurals stand without an article. */
  private static boolean standsAlone(String name) {
    List<String> words = Arrays.asList(name.replace(",", "").split(" "));
    if (COUNTS.contains(words.getFirst())) {
      return true;
    }
    int end = 1;
    while (end < words.size() && !joint(words.get(end))) {
      end++;
    }
    String head = words.get(end - 1);
    if (PLURALS.contains(head)) {
      return true;
    }
    return head.length() > 2 && head.endsWith("s") && !head.endsWith("ss") && !head.endsWith("us") && !head.endsWith("is")
        && !SINGULARS_IN_S.contains(head);
  }
}
