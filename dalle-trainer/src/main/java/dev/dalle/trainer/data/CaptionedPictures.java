package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;

/**
 * A data set: pictures with captions, numbered from 0, the same numbers every time it is opened. Examples and pictures may be
 * asked for from several threads at once. Closing releases files; nothing may be asked for afterwards.
 */
public interface CaptionedPictures extends AutoCloseable {
  /**
   * What identifies a picture, and what is said about it.
   *
   * @param id unique in its data set and the same on every machine
   * @param caption one line of text, not empty
   */
  record Example(String id, String caption) {
    /** Checks both. */
    public Example {
      if (id.isBlank() || caption.isBlank()) {
        throw new IllegalArgumentException("example: expected an id and a caption, got id \"" + id + "\", caption \"" + caption + "\"");
      }
    }
  }

  /** Short name of the data set, for reports. */
  String name();

  /** Number of examples, at least 1. */
  int size();

  /**
   * One example without its picture.
   *
   * @param index 0 to size - 1
   */
  Example example(int index);

  /**
   * The picture of one example. Drawings are rendered at {@code side x side}; stored pictures come as they are stored, whatever
   * the side asked for.
   *
   * @param index 0 to size - 1
   * @param side pixels wanted, at least 1
   * @throws PictureException if a stored picture is missing, damaged or no picture
   */
  Picture picture(int index, int side);

  /** What is trained on and what is held out; the same every time. Unless a data set knows better: a twentieth, by the hash of the id. */
  default Split split() {
    return Split.byId(this, Split.SHARE);
  }

  @Override
  void close();
}
