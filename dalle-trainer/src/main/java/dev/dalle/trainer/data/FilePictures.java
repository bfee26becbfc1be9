package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import java.nio.file.Path;
import java.util.List;

/** What data sets of picture files share: a list of examples with a file each. Pictures are read when they are asked for. */
abstract sealed class FilePictures implements CaptionedPictures permits FolderPictures, TablePictures {
  /**
   * One example.
   *
   * @param example id and caption
   * @param file the picture
   * @param key the same for all captions of one picture
   */
  record Entry(Example example, Path file, String key) {}

  private final String name;
  private final List<Entry> entries;

  FilePictures(String name, List<Entry> entries) {
    this.name = name;
    this.entries = List.copyOf(entries);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final int size() {
    return entries.size();
  }

  @Override
  public final Example example(int index) {
    return entry(index).example();
  }

  @Override
  public final Picture picture(int index, int side) {
    return PictureFiles.read(entry(index).file());
  }

  /** A twentieth of the pictures; all captions of a picture stay together. */
  @Override
  public final Split split() {
    return Split.byKey(entries.size(), index -> entries.get(index).key(), Split.SHARE);
  }

  private Entry entry(int index) {
    if (index < 0 || index >= entries.size()) {
      throw new IndexOutOfBoundsException("example " + index + " of " + name + "; there are " + entries.size());
    }
    return entries.get(index);
  }

  /** Nothing to release: files are open only while they are read. */
  @Override
  public final void close() {}
}
