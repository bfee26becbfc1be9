package dev.dalle.trainer.data;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which drawings of the artifact make examples, and what they are called. Left out: drawings that a set has withdrawn, aliases
 * that are the same picture under another name, and drawings equal to an earlier one of the same style; a picture that is
 * trained on must not come back as held out. Aliases that turn a drawing are drawings of their own.
 *
 * @param drawings in the order of the examples
 * @param licences by style
 * @param withdrawn drawings left out since their set hides them
 * @param sameByAlias names left out since they are aliases of a drawing
 * @param sameByBody drawings left out since they equal an earlier one of their style
 */
record EmojiCatalogue(List<Drawing> drawings, Map<EmojiStyle, EmojiSet.Licence> licences, int withdrawn, int sameByAlias,
    int sameByBody) {
  /**
   * One drawing.
   *
   * @param style its set
   * @param icon whose body is drawn
   * @param id style and icon or alias
   * @param name in words
   * @param box what is seen of the plane
   * @param turn of the body
   */
  record Drawing(EmojiStyle style, String icon, String id, String name, EmojiSet.Box box, EmojiSet.Turn turn) {
    String caption() {
      return Captions.caption(style, name);
    }
  }

  static EmojiCatalogue of(Map<EmojiStyle, EmojiSet> sets) {
    EmojiNames names = new EmojiNames(sets);
    List<Drawing> drawings = new ArrayList<>();
    Map<EmojiStyle, EmojiSet.Licence> licences = new EnumMap<>(EmojiStyle.class);
    int withdrawn = 0;
    int sameByAlias = 0;
    int sameByBody = 0;
    for (Map.Entry<EmojiStyle, EmojiSet> entry : sets.entrySet()) {
      EmojiStyle style = entry.getKey();
      EmojiSet set = entry.getValue();
      licences.put(style, set.licence());
      Set<String> order = new LinkedHashSet<>(set.icons().keySet());
      order.addAll(set.aliases().keySet());
      Set<List<Object>> drawn = new HashSet<>();
      for (String key : order) {
        Optional<Source> source = source(set, key);
        if (source.isEmpty() || source.get().hidden) {
          withdrawn++;
          continue;
        }
        EmojiSet.Icon icon = set.icons().get(source.get().icon);
        boolean alias = !set.icons().containsKey(key);
        if (alias && source.get().turn.equals(icon.turn())) {
          sameByAlias++;
        } else if (!drawn.add(List.of(icon.bodyHash(), icon.box(), source.get().turn))) {
          sameByBody++;
        } else {
          drawings.add(new Drawing(style, source.get().icon, style.set() + "/" + key, names.name(style, key), icon.box(),
              source.get().turn));
        }
      }
    }
    return new EmojiCatalogue(List.copyOf(drawings), Map.copyOf(licences), withdrawn, sameByAlias, sameByBody);
  }

  private record Source(String icon, EmojiSet.Turn turn, boolean hidden) {}

  /** The icon behind a name, through its aliases; empty if they lead nowhere or in a circle. */
  private static Optional<Source> source(EmojiSet set, String key) {
    EmojiSet.Turn turn = EmojiSet.Turn.NONE;
    boolean hidden = false;
    Set<String> seen = new HashSet<>();
    String at = key;
    while (!set.icons().containsKey(at)) {
      EmojiSet.Alias alias = set.aliases().get(at);
      if (alias == null || !seen.add(at)) {
        return Optional.empty();
      }
      turn = turn.and(alias.turn());
      hidden |= alias.hidden();
      at = alias.parent();
    }
    EmojiSet.Icon icon = set.icons().get(at);
    return Optional.of(new Source(at, turn.and(icon.turn()), hidden || icon.hidden()));
  }
}
