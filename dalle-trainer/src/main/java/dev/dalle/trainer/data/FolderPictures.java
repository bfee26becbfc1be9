package dev.dalle.trainer.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder, with its subfolders, of pictures (png, jpg, jpeg, webp, gif) that each have a caption beside them: {@code cat.jpg}
 * and {@code cat.txt}, in UTF-8. Hidden files are passed over. In the order of the paths, which are the ids, with slashes.
 */
public final class FolderPictures extends FilePictures {
  static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "webp", "gif");

  private FolderPictures(String name, List<Entry> entries) {
    super(name, entries);
  }

  /**
   * Opens a folder. Captions are read now, pictures when they are asked for.
   *
   * @param folder the folder
   * @throws DataException if it is missing, holds no picture, or a picture's caption is missing, empty or not UTF-8
   */
  public static FolderPictures open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DataException("picture folder " + folder + ": " + (Files.exists(folder) ? "is not a folder" : "does not exist")
          + "; give a folder of pictures with a .txt caption beside each");
    }
    List<Path> pictures = pictures(folder);
    if (pictures.isEmpty()) {
      throw new DataException("picture folder " + folder + ": holds no picture; expected files ending in png, jpg, jpeg, webp or gif");
    }
    List<Entry> entries = new ArrayList<>();
    List<Path> without = new ArrayList<>();
    Map<Path, Path> captionOf = new HashMap<>();
    for (Path picture : pictures) {
      Path caption = picture.resolveSibling(stem(picture) + ".txt");
      Path other = captionOf.put(caption, picture);
      if (other != null) {
        throw new DataException("picture folder " + folder + ": " + other + " and " + picture
            + " share the caption " + caption.getFileName() + "; rename one of them");
      }
      if (Files.isRegularFile(caption)) {
        String id = folder.relativize(picture).toString().replace('\\', '/');
        entries.add(new Entry(new Example(id, caption(caption)), picture, id));
      } else {
        without.add(picture);
      }
    }
    if (!without.isEmpty()) {
      throw new DataException("picture folder " + folder + ": " + without.size() + " of " + pictures.size()
          + " pictures have no caption: " + StoredCaption.some(without) + "; put a text file of the same name ending in .txt beside"
          + " each, or take the pictures away");
    }
    return new FolderPictures(String.valueOf(folder.toAbsolutePath().normalize().getFileName()), entries);
  }

  private static List<Path> pictures(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).filter(f -> !f.getFileName().toString().startsWith("."))
          .filter(f -> ENDINGS.contains(ending(f))).sorted(Comparator.comparing(f -> folder.relativize(f).toString().replace('\\', '/')))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new DataException("picture folder " + folder + ": cannot be listed (" + e.getMessage() + "); check its permissions", e);
    }
  }

  private static String caption(Path file) {
    try {
      Optional<String> caption = StoredCaption.clean(Files.readString(file));
      return caption.orElseThrow(() -> new DataException("caption " + file + ": is empty; write what the picture shows"));
    } catch (CharacterCodingException e) {
      throw new DataException("caption " + file + ": is not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      throw new DataException("caption " + file + ": cannot be read (" + e.getMessage() + "); check its permissions", e);
    }
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  private static String stem(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.lastIndexOf('.'));
  }
}
