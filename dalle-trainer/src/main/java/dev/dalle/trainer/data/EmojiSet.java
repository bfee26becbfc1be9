package dev.dalle.trainer.data;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One set of drawings as its file describes it, without the drawings.
 *
 * @param licence of the drawings
 * @param icons in the order of the file, by name
 * @param aliases other names of icons, by name
 * @param flags names that the set files under flags
 */
record EmojiSet(Licence licence, Map<String, Icon> icons, Map<String, Alias> aliases, Set<String> flags) {
  /**
   * Whose the drawings are and on what terms.
   *
   * @param title licence in words
   * @param spdx its SPDX identifier
   * @param url its text
   * @param author who drew
   * @param source where they were published
   */
  record Licence(String title, String spdx, String url, String author, String source) {}

  /**
   * One drawing's frame.
   *
   * @param box the part of the plane that is seen
   * @param turn how it is turned on top of its body
   * @param hidden withdrawn by the set: an older twin of another drawing
   * @param bodyHash tells equal bodies
   */
  record Icon(Box box, Turn turn, boolean hidden, String bodyHash) {}

  /**
   * Another name, perhaps with a turn of its own.
   *
   * @param parent an icon or another alias
   * @param turn on top of the parent's
   * @param hidden withdrawn by the set
   */
  record Alias(String parent, Turn turn, boolean hidden) {}

  /** A view box in the units of the drawing. */
  record Box(double left, double top, double width, double height) {}

  /**
   * A turn of a drawing: mirrored first, then turned.
   *
   * @param quarters quarter turns clockwise, 0 to 3
   * @param mirrored left and right exchanged
   * @param upended top and bottom exchanged
   */
  record Turn(int quarters, boolean mirrored, boolean upended) {
    static final Turn NONE = new Turn(0, false, false);

    Turn {
      quarters = Math.floorMod(quarters, 4);
    }

    Turn and(Turn more) {
      return new Turn(quarters + more.quarters, mirrored ^ more.mirrored, upended ^ more.upended);
    }
  }

  List<String> visibleIcons() {
    return icons.entrySet().stream().filter(e -> !e.getValue().hidden()).map(Map.Entry::getKey).toList();
  }
}
