package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.trainer.data.EmojiSet.Alias;
import dev.dalle.trainer.data.EmojiSet.Box;
import dev.dalle.trainer.data.EmojiSet.Icon;
import dev.dalle.trainer.data.EmojiSet.Licence;
import dev.dalle.trainer.data.EmojiSet.Turn;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmojiNamesTest {
  private static EmojiSet set(Map<String, String> aliases, Set<String> flags, String... icons) {
    Map<String, Icon> all = new LinkedHashMap<>();
    for (String icon : icons) {
      all.put(icon, new Icon(new Box(0, 0, 8, 8), Turn.NONE, false, icon));
    }
    Map<String, Alias> named = new LinkedHashMap<>();
    aliases.forEach((name, parent) -> named.put(name, new Alias(parent, Turn.NONE, false)));
    return new EmojiSet(new Licence("l", "L", "", "a", ""), all, named, flags);
  }

  private static EmojiNames names() {
    Map<EmojiStyle, EmojiSet> sets = new EnumMap<>(EmojiStyle.class);
    sets.put(EmojiStyle.NOTO, set(Map.of("bear-face", "bear", "first-alias", "second-alias"), Set.of(), "bear", "wilted-flower", "eight-oclock",
        "closed-mailbox-with-raised-flag", "weary-face", "person-bowing", "blue-circle", "large-dog"));
    sets.put(EmojiStyle.TWEMOJI, set(Map.of("bear", "bear-face", "second-alias", "wilted-flower"), Set.of(), "bear-face"));
    sets.put(EmojiStyle.FLUENT, set(Map.of(), Set.of(), "ninja-medium-dark", "ninja-medium-light", "ninja-light", "vertical-traffic-light",
        "woman-white-hair-medium-dark", "woman-white-hair-medium-light", "woman-white-hair-dark"));
    sets.put(EmojiStyle.STREAMLINE, set(Map.of(), Set.of("japan", "crossed-flags"), "japan", "crossed-flags", "boy-2", "2"));
    sets.put(EmojiStyle.FXEMOJI, set(Map.of(), Set.of(), "wiltedflower"));
    return new EmojiNames(sets);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "NOTO        | bear                                                | bear",
      "TWEMOJI     | bear-face                                           | bear",
      "EMOJIONE    | first-alias                                         | wilted flower",
      "EMOJIONE    | flag-for-cocos-keeling-islands                      | flag of cocos keeling islands",
      "NOTO_V1     | flag-for-flag-japan                                 | flag of japan",
      "OPENMOJI    | flag-japan                                          | flag of japan",
      "EMOJIONE_V1 | flag-for-black-flag                                 | black flag",
      "NOTO        | flag-in-hole                                        | flag in hole",
      "STREAMLINE  | japan                                               | flag of japan",
      "STREAMLINE  | crossed-flags                                       | crossed flags",
      "STREAMLINE  | boy-2                                               | boy",
      "STREAMLINE  | 2                                                   | 2",
      "NOTO        | keycap-2                                            | keycap 2",
      "NOTO        | ninja-medium-dark-skin-tone                         | ninja with medium dark skin",
      "FLUENT      | ninja-medium-dark                                   | ninja with medium dark skin",
      "FLUENT      | ninja-light                                         | ninja with light skin",
      "FLUENT      | vertical-traffic-light                              | vertical traffic light",
      "FLUENT      | woman-white-hair-dark                               | woman with white hair and dark skin",
      "NOTO        | person-medium-skin-tone-red-hair                    | person with red hair and medium skin",
      "NOTO        | man-light-skin-tone-bald                            | bald man with light skin",
      "NOTO        | woman-beard                                         | woman with a beard",
      "NOTO        | person-blonde-hair                                  | person with blond hair",
      "NOTO        | woman-with-veil-dark-skin-tone                      | woman with veil, dark skin",
      "NOTO        | medium-dark-skin-tone                               | medium dark skin tone",
      "NOTO        | red-hair                                            | red hair",
      "NOTO        | kiss-man-man                                        | kiss of man and man",
      "NOTO        | family-man-woman-girl-boy                           | family of man, woman, girl and boy",
      "NOTO        | kiss-woman-man-light-skin-tone-medium-dark-skin-tone | kiss of woman and man with light and medium dark skin",
      "FXEMOJI     | wiltedflower                                        | wilted flower",
      "FXEMOJI     | clock8oclock                                        | eight oclock",
      "FXEMOJI     | clock12thirty                                       | twelve thirty",
      "FXEMOJI     | weary                                               | weary face",
      "FXEMOJI     | bowing                                              | person bowing",
      "FXEMOJI     | closedmailboxraised                                 | closed mailbox raised",
      "FXEMOJI     | largebluecircle                                     | large blue circle",
      "FXEMOJI     | 2dogs                                               | 2 dog s",
  })
  void namesBecomeWords(EmojiStyle style, String icon, String expected) {
    assertEquals(expected, names().name(style, icon));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "NOTO        | red heart                   | a noto emoji of a red heart",
      "OPENMOJI    | owl                         | an openmoji emoji of an owl",
      "EMOJIONE_V1 | unicorn                     | an old emojione emoji of a unicorn",
      "FLUENT_FLAT | clapping hands with dark skin | a flat fluent emoji of clapping hands with dark skin",
      "NOTO        | flag of japan               | a noto emoji of the flag of japan",
      "NOTO        | two hearts                  | a noto emoji of two hearts",
      "NOTO        | thumbs up                   | a noto emoji of thumbs up",
      "NOTO        | bus                         | a noto emoji of a bus",
      "NOTO        | cactus                      | a noto emoji of a cactus",
      "NOTO        | man lifting weights         | a noto emoji of a man lifting weights",
      "NOTO        | people with bunny ears      | a noto emoji of people with bunny ears",
      "NOTO        | face with tears of joy      | a noto emoji of a face with tears of joy",
      "NOTO        | men holding hands           | a noto emoji of men holding hands",
      "NOTO        | hourglass done              | a noto emoji of an hourglass done",
      "NOTO        | 1st place medal             | a noto emoji of a 1st place medal",
      "NOTO        | wine glass                  | a noto emoji of a wine glass",
  })
  void captionsReadLikeEnglish(EmojiStyle style, String name, String expected) {
    assertEquals(expected, Captions.caption(style, name));
  }

  @Test
  void theSplitterPrefersFewKnownWords() {
    WordSplitter splitter = new WordSplitter(Set.of("sun", "flower", "sunflower", "with", "in", "a", "house"));
    assertEquals(List.of("sunflower"), splitter.split("sunflower"));
    assertEquals(List.of("sun", "with", "flower"), splitter.split("sunwithflower"));
    assertEquals(List.of("house", "12", "sun"), splitter.split("house12sun"));
    assertEquals(List.of("zzz"), splitter.split("zzz"));
    assertEquals(List.of(), splitter.split(""));
  }
}
