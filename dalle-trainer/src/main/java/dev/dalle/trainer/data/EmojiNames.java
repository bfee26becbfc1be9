package dev.dalle.trainer.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the names of icons into words, the same words for the same thing in every style: {@code flag-for-japan} and
 * {@code flag-japan} are both "flag of japan", {@code ninja-medium-dark} and {@code ninja-medium-dark-skin-tone} both "ninja with medium dark
 * skin". Names that a set keeps as an alias are led back to the name it prefers.
 */
final class EmojiNames {
  private static final Pattern TONE = Pattern.compile("(?<=^|-)(medium-light|medium-dark|light|medium|dark)-skin-tone(?:-|$)");
  private static final Pattern SHORT_TONE = Pattern.compile("^(.+?)-(medium-light|medium-dark|light|medium|dark)$");
  private static final Pattern HAIR =
      Pattern.compile("^(.*(?:man|woman|person|adult))-(red-hair|curly-hair|white-hair|blonde?-hair|beard|bald)$");
  private static final Pattern VARIANT = Pattern.compile("^(.*[a-z])-[1-9]$");
  private static final Pattern CLOCK = Pattern.compile("^clock([0-9]+)(oclock|thirty)$");
  private static final Pattern FLAG = Pattern.compile("^flag-(?:for-)?(?:flag-)?(?!in-)(.+)$");
  private static final Pattern GROUP =
      Pattern.compile("^(couple-with-heart|kiss|family)((?:-(?:man|woman|person|adult|girl|boy|child))+)$");
  private static final List<String> HOURS = List.of("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
      "eleven", "twelve");

  /** Sets whose aliases decide which of two names is preferred; an earlier one wins. */
  private static final List<EmojiStyle> AUTHORITIES = List.of(EmojiStyle.NOTO, EmojiStyle.TWEMOJI, EmojiStyle.OPENMOJI);

  /** Words of the Firefox names that no other set uses. */
  private static final Set<String> MORE_WORDS = Set.of("acorn", "anguish", "asterix", "aubergine", "automated", "bactrian",
      "baloon", "bicep", "bicyclist", "billiards", "brightness", "buildings", "capital", "casette", "chapter", "chili", "circle",
      "circled", "clap", "compression", "construct", "cop", "creased", "dancer", "decrease", "dissapointed", "do", "dromedary", "evil",
      "exclaimation", "falling", "father", "fisted", "flexbicep", "flex", "font", "frown", "gibbous", "golfer", "great", "britain", "grin",
      "hampster", "heels", "held", "hoop", "ideograph", "imp", "increase", "italian", "its", "izakaya", "katakana", "letter",
      "lips", "lock", "maize", "makeup", "mantelpiece", "maximize", "meridian", "mic", "mini", "minimize", "missing", "modem", "moyai",
      "multiple", "negative", "northwest", "notched", "oh", "out", "part", "perservere", "pout", "pray", "present", "put", "race",
      "recreational", "relief", "row", "runner", "russian", "saggitarius", "sandals", "satchel", "scream", "screen", "shape", "sheep",
      "side", "size", "ski", "sleuth", "slice", "smirk", "snout", "southeast", "spanish", "splash", "spurting", "spy", "square", "squared",
      "squint", "storm", "surfer", "system", "tab", "teller", "thought", "tie", "torch", "trend", "triumph", "twisted", "unified",
      "universal", "waitress", "wallet", "weight", "lifter", "wide", "wink", "below", "above", "ray", "rays");

  private final Map<EmojiStyle, EmojiSet> sets;
  private final Map<String, String> preferred = new HashMap<>();
  private final Map<String, String> squashed = new HashMap<>();
  private final WordSplitter splitter;

  EmojiNames(Map<EmojiStyle, EmojiSet> sets) {
    this.sets = sets;
    Set<String> settled = new HashSet<>();
    for (EmojiStyle style : AUTHORITIES) {
      if (!sets.containsKey(style)) {
        continue;
      }
      EmojiSet set = sets.get(style);
      settled.addAll(set.visibleIcons());
      set.aliases().forEach((name, alias) -> {
        if (alias.turn().equals(EmojiSet.Turn.NONE) && !settled.contains(name)) {
          preferred.putIfAbsent(name, alias.parent());
        }
      });
    }
    Set<String> words = new HashSet<>(MORE_WORDS);
    sets.forEach((style, set) -> {
      if (style == EmojiStyle.FXEMOJI) {
        return;
      }
      Set<String> names = new HashSet<>(set.visibleIcons());
      names.addAll(set.aliases().keySet());
      for (String name : set.visibleIcons()) {
        squashed.putIfAbsent(name.replace("-", ""), name);
      }
      for (String name : set.aliases().keySet()) {
        squashed.putIfAbsent(name.replace("-", ""), name);
      }
      for (String name : names) {
        for (String word : name.split("-")) {
          if (word.length() > 1) {
            words.add(word);
          }
        }
      }
    });
    this.splitter = new WordSplitter(words);
  }

  /** The words for an icon or alias of a set. */
  String name(EmojiStyle style, String icon) {
    String plain = switch (style) {
      case STREAMLINE -> streamline(icon);
      case FXEMOJI -> firefox(icon);
      default -> style.shortTones() ? longTones(style, icon) : icon;
    };
    return spoken(preferred(plain));
  }

  private String preferred(String name) {
    Set<String> seen = new HashSet<>();
    String at = name;
    while (seen.add(at) && preferred.containsKey(at)) {
      at = preferred.get(at);
    }
    return at;
  }

  /** Streamline numbers its variants, and names a flag by its country alone. */
  private String streamline(String icon) {
    Matcher variant = VARIANT.matcher(icon);
    String name = variant.matches() ? variant.group(1) : icon;
    boolean bareCountry = sets.get(EmojiStyle.STREAMLINE).flags().contains(icon) && !name.contains("flag");
    return bareCountry ? "flag-" + name : name;
  }

  /** A tone only if the same thing exists in another tone too: a traffic light is not a light traffic. */
  private String longTones(EmojiStyle style, String icon) {
    Matcher tone = SHORT_TONE.matcher(icon);
    if (!tone.matches()) {
      return icon;
    }
    EmojiSet set = sets.get(style);
    String sibling = tone.group(1) + (tone.group(2).equals("medium-dark") ? "-medium-light" : "-medium-dark");
    return set.icons().containsKey(sibling) || set.aliases().containsKey(sibling) ? icon + "-skin-tone" : icon;
  }

  /** Firefox writes names without spaces; where another set has the same letters, its spelling is taken. */
  private String firefox(String icon) {
    Matcher clock = CLOCK.matcher(icon);
    if (clock.matches()) {
      return HOURS.get(Math.floorMod(Integer.parseInt(clock.group(1)) - 1, 12)) + "-" + clock.group(2);
    }
    String letters = icon.replace("-", "");
    for (String guess : List.of(letters, letters + "face", "person" + letters, letters.replaceFirst("(symbol|sign|icon)$", ""))) {
      if (squashed.containsKey(guess)) {
        return squashed.get(guess);
      }
    }
    return String.join("-", splitter.split(letters));
  }

  /** Words in the order of speech: the thing, then hair, then skin. */
  private static String spoken(String name) {
    List<String> skins = new ArrayList<>();
    Matcher tone = TONE.matcher(name);
    while (tone.find()) {
      skins.add(tone.group(1).replace('-', ' '));
    }
    String rest = TONE.matcher(name).replaceAll("").replaceFirst("-$", "");
    if (rest.isEmpty()) {
      return name.replace('-', ' ');
    }
    String thing = rest;
    List<String> features = new ArrayList<>();
    Matcher hair = HAIR.matcher(rest);
    if (hair.matches()) {
      String kind = hair.group(2).replace("blonde", "blond").replace('-', ' ');
      thing = kind.equals("bald") ? "bald-" + hair.group(1) : hair.group(1);
      if (!kind.equals("bald")) {
        features.add(kind.equals("beard") ? "a beard" : kind);
      }
    }
    if (!skins.isEmpty()) {
      features.add(String.join(" and ", skins) + " skin");
    }
    String words = group(flag(thing)).replace('-', ' ').replaceAll(" +", " ").strip();
    if (features.isEmpty()) {
      return words;
    }
    // "with veil, dark skin" and not "with veil and dark skin": the comma keeps the two apart.
    return words + (words.contains(" with ") ? ", " : " with ") + String.join(" and ", features);
  }

  /** kiss-man-man is a kiss of man and man, family-man-woman-girl a family of man, woman and girl. */
  private static String group(String thing) {
    Matcher group = GROUP.matcher(thing);
    if (!group.matches()) {
      return thing;
    }
    String[] members = group.group(2).substring(1).split("-");
    String last = members[members.length - 1];
    String others = String.join(", ", List.of(members).subList(0, members.length - 1));
    return group.group(1) + " of " + (others.isEmpty() ? last : others + " and " + last);
  }

  private static String flag(String thing) {
    Matcher flag = FLAG.matcher(thing);
    if (!flag.matches()) {
      return thing;
    }
    return flag.group(1).endsWith("-flag") ? flag.group(1) : "flag of " + flag.group(1);
  }
}
