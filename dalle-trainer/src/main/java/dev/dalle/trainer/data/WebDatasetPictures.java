package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * WebDataset shards: plain tar files in which the files of one example share a key, the name up to the first dot, and stand
 * together: {@code 000012.jpg}, {@code 000012.txt}. The picture ends in png, jpg, jpeg, webp or gif; the caption is a txt file or the
 * property {@code caption} of a json file (the txt file if both are there); other files are passed over. Shards are scanned once, then every example is read at
 * its place. Owns the open shards; any number of threads may read.
 */
public final class WebDatasetPictures implements CaptionedPictures {
  /** Where a picture lies. */
  private record Entry(Example example, int shard, String file, long at, long bytes) {}

  private final String name;
  private final List<Path> shards;
  private final List<FileChannel> channels = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();

  /**
   * Opens and scans shards. Captions are read now, pictures when they are asked for.
   *
   * @param shards tar files, in the order of the examples
   * @throws DataException if a shard is missing, compressed, damaged or cut off, or an example lacks its picture or caption; the
   *     message names shard, entry and offset
   */
  public static WebDatasetPictures open(List<Path> shards) {
    if (shards.isEmpty()) {
      throw new DataException("WebDataset: no shard given; give at least one tar file");
    }
    WebDatasetPictures data = new WebDatasetPictures(shards);
    try {
      data.scan();
      return data;
    } catch (Throwable t) {
      data.close();
      throw t;
    }
  }

  private WebDatasetPictures(List<Path> shards) {
    this.shards = List.copyOf(shards);
    this.name = shards.getFirst().getFileName() + (shards.size() > 1 ? " and " + (shards.size() - 1) + " more" : "");
  }

  private void scan() {
    Set<String> ids = new HashSet<>();
    for (int s = 0; s < shards.size(); s++) {
      Path shard = shards.get(s);
      List<TarIndex.Item> items = TarIndex.of(shard);
      try {
        channels.add(FileChannel.open(shard, StandardOpenOption.READ));
      } catch (IOException e) {
        throw new DataException("shard " + shard + ": cannot be opened (" + e.getMessage() + ")", e);
      }
      int from = 0;
      while (from < items.size()) {
        int to = from + 1;
        while (to < items.size() && items.get(to).key().equals(items.get(from).key())) {
          to++;
        }
        add(s, items.subList(from, to), ids);
        from = to;
      }
    }
    if (entries.isEmpty()) {
      throw new DataException("WebDataset " + name + ": holds no example; expected pictures (png, jpg, jpeg, webp, gif) with a .txt or"
          + " .json caption of the same key");
    }
  }

  private void add(int shard, List<TarIndex.Item> example, Set<String> ids) {
    Optional<TarIndex.Item> picture = example.stream().filter(i -> FolderPictures.ENDINGS.contains(i.ending())).findFirst();
    Optional<TarIndex.Item> text = example.stream().filter(i -> i.ending().equals("txt")).findFirst();
    Optional<TarIndex.Item> json = example.stream().filter(i -> i.ending().equals("json")).findFirst();
    if (picture.isEmpty() && text.isEmpty() && json.isEmpty()) {
      return;
    }
    TarIndex.Item first = example.getFirst();
    String where = "shard " + shards.get(shard) + ", entry " + first.name() + " at offset " + first.at();
    if (picture.isEmpty() || text.isEmpty() && json.isEmpty()) {
      throw new DataException(where + ": the key \"" + first.key() + "\" has no " + (picture.isEmpty() ? "picture" : "caption")
          + ", only " + example.stream().map(TarIndex.Item::name).toList() + "; the files of one example must stand together and share"
          + " the name up to the first dot");
    }
    String caption = text.isPresent() ? caption(shard, text.get()) : jsonCaption(shard, json.get());
    String id = shards.get(shard).getFileName() + "/" + first.key();
    if (!ids.add(id)) {
      throw new DataException(where + ": the key \"" + first.key() + "\" occurs twice; the files of one example must stand together");
    }
    TarIndex.Item p = picture.get();
    entries.add(new Entry(new Example(id, caption), shard, p.name(), p.at(), p.bytes()));
  }

  private String caption(int shard, TarIndex.Item item) {
    return StoredCaption.clean(new String(read(shard, item.at(), item.bytes(), item.name()), StandardCharsets.UTF_8))
        .orElseThrow(() -> new DataException("shard " + shards.get(shard) + ", entry " + item.name() + " at offset " + item.at()
            + ": the caption is empty; write what the picture shows"));
  }

  private String jsonCaption(int shard, TarIndex.Item item) {
    String where = "shard " + shards.get(shard) + ", entry " + item.name() + " at offset " + item.at();
    try {
      JsonNode json = JsonMapper.shared().readTree(read(shard, item.at(), item.bytes(), item.name()));
      return Optional.of(json.path("caption")).filter(JsonNode::isString).map(JsonNode::stringValue).flatMap(StoredCaption::clean)
          .orElseThrow(() -> new DataException(where + ": has no text in \"caption\"; found "
              + (json.isObject() ? json.propertyNames() : "no JSON object")));
    } catch (JacksonException e) {
      throw new DataException(where + ": is not JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  private byte[] read(int shard, long at, long bytes, String file) {
    String where = "shard " + shards.get(shard) + ", entry " + file + " at offset " + at;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new DataException(where + ": has " + bytes + " bytes, more than one picture or caption can");
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) bytes);
    try {
      while (buffer.hasRemaining()) {
        if (channels.get(shard).read(buffer, at + buffer.position()) < 0) {
          throw new DataException(where + ": the shard ends early; it was cut off after it was opened");
        }
      }
    } catch (IOException e) {
      throw new DataException(where + ": cannot be read (" + e.getMessage() + ")", e);
    }
    return buffer.array();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public Example example(int index) {
    return entry(index).example();
  }

  /**
   * {@inheritDoc}
   *
   * @throws PictureException if the picture is damaged; the message names shard, entry and offset
   */
  @Override
  public Picture picture(int index, int side) {
    Entry entry = entry(index);
    byte[] file = read(entry.shard(), entry.at(), entry.bytes(), entry.file());
    return PictureFiles.read(file, "shard " + shards.get(entry.shard()) + ", entry " + entry.file() + " at offset " + entry.at());
  }

  private Entry entry(int index) {
    if (index < 0 || index >= entries.size()) {
      throw new IndexOutOfBoundsException("example " + index + " of " + name + "; there are " + entries.size());
    }
    return entries.get(index);
  }

  @Override
  public void close() {
    DataException failure = null;
    for (FileChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        DataException next = new DataException("WebDataset " + name + ": a shard cannot be closed (" + e.getMessage() + ")", e);
        if (failure == null) {
          failure = next;
        } else {
          failure.addSuppressed(next);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
