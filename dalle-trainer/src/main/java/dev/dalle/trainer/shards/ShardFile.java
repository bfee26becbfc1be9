package dev.dalle.trainer.shards;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * One shard: a safetensors file with the tensor {@code tokens}, {@code [pictures, rows, columns]}, U16 where the dVAE has at most 65,536 codes and else I32, and
 * in its metadata what the pictures are.
 */
final class ShardFile {
  static final String FORMAT = "dalle-token-shard";
  static final int VERSION = 1;
  private static final String TOKENS = "tokens";
  private static final String REMEDY = "; remove it, and the same dalle tokenize-images makes it again";

  private ShardFile() {}

  /**
   * A picture with tokens.
   *
   * @param id of the example
   * @param caption of the example
   * @param copy which of its variations, from 0
   */
  record Entry(String id, String caption, int copy) {}

  /**
   * What a shard is about, stored as JSON.
   *
   * @param pictures in the order of their tokens
   * @param skipped pictures of its range that have none
   */
  record Content(List<Entry> pictures, List<SkippedPicture> skipped) {
    Content {
      pictures = List.copyOf(pictures);
      skipped = List.copyOf(skipped);
    }
  }

  /** Collects the tokens of one shard. */
  static final class Writer {
    private final ShardRecipe recipe;
    private final ShardRange range;
    private final ByteBuffer tokens;
    private final List<Entry> pictures = new ArrayList<>();
    private final List<SkippedPicture> skipped = new ArrayList<>();

    Writer(ShardRecipe recipe, ShardRange range) {
      this.recipe = recipe;
      this.range = range;
      int bytes = Math.multiplyExact(Math.multiplyExact(range.rows(), tokensPerPicture(recipe)), type(recipe).byteSize());
      this.tokens = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    boolean full() {
      return pictures.size() + skipped.size() == range.rows();
    }

    /** @param ids {@code [found][rows * columns]}, flat */
    void add(int[] ids, List<Entry> found, List<SkippedPicture> unread) {
      if (ids.length != found.size() * tokensPerPicture(recipe)) {
        throw new IllegalArgumentException("ids: expected " + tokensPerPicture(recipe) + " for each of " + found.size() + " pictures, got " + ids.length);
      }
      boolean narrow = type(recipe) == DType.U16;
      for (int id : ids) {
        if (narrow) {
          tokens.putShort((short) id);
        } else {
          tokens.putInt(id);
        }
      }
      pictures.addAll(found);
      skipped.addAll(unread);
    }

    /**
     * Writes the shard, as a whole or not at all.
     *
     * @param device any; the tokens pass through its memory
     */
    ShardSummary write(Path folder, Device device) throws IOException {
      byte[] bytes = new byte[tokens.position()];
      tokens.get(0, bytes);
      Map<String, String> metadata = new LinkedHashMap<>(identity(recipe, range));
      metadata.put("crc32c", check(ByteBuffer.wrap(bytes)));
      metadata.put("content", ConfigJson.writeLine(new Content(pictures, skipped)));
      try (Scope scope = device.newScope()) {
        Tensor tensor = scope.allocate(type(recipe), shape(recipe, pictures.size()));
        device.upload(MemorySegment.ofArray(bytes), tensor);
        Safetensors.write(range.file(folder), List.of(new NamedTensor(TOKENS, tensor)), metadata);
      }
      return new ShardSummary(range, pictures.size(), skipped);
    }
  }

  private static Map<String, String> identity(ShardRecipe recipe, ShardRange range) {
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("format", FORMAT);
    identity.put("version", Integer.toString(VERSION));
    identity.put("part", range.part().text());
    identity.put("number", Integer.toString(range.number()));
    identity.put("recipe-sha256", recipe.sha256());
    return identity;
  }

  private static int tokensPerPicture(ShardRecipe recipe) {
    return Math.multiplyExact(recipe.model().rows(), recipe.model().columns());
  }

  private static Shape shape(ShardRecipe recipe, int pictures) {
    return Shape.of(pictures, recipe.model().rows(), recipe.model().columns());
  }

  private static DType type(ShardRecipe recipe) {
    return recipe.model().codes() <= 1 << 16 ? DType.U16 : DType.I32;
  }

  private static String check(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return String.format("%08x", crc.getValue());
  }

  /**
   * What a shard holds, by its header; the tokens are not read.
   *
   * @throws ConfigException if it is damaged or another shard; the message names it and says what to do
   */
  static ShardSummary summary(Path folder, ShardRecipe recipe, ShardRange range) {
    try (SafetensorsFile file = SafetensorsFile.open(range.file(folder))) {
      Content content = content(file, recipe, range);
      return new ShardSummary(range, content.pictures().size(), content.skipped());
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + REMEDY, e);
    }
  }

  /**
   * Reads a shard whole.
   *
   * @param tokens takes {@code [rows * columns]} of each picture
   * @return what they are of
   * @throws ConfigException if it is damaged or another shard; the message names it and says what to do
   */
  static List<Entry> read(Path folder, ShardRecipe recipe, ShardRange range, List<int[]> tokens) {
    try (SafetensorsFile file = SafetensorsFile.open(range.file(folder))) {
      Content content = content(file, recipe, range);
      ByteBuffer bytes = file.find(TOKENS).orElseThrow().data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      String found = check(bytes.duplicate());
      require(file, found.equals(file.metadata().get("crc32c")), "tokens of checksum " + file.metadata().get("crc32c"), found);
      boolean narrow = type(recipe) == DType.U16;
      for (int picture = 0; picture < content.pictures().size(); picture++) {
        int[] ids = new int[tokensPerPicture(recipe)];
        for (int i = 0; i < ids.length; i++) {
          ids[i] = narrow ? Short.toUnsignedInt(bytes.getShort()) : bytes.getInt();
          require(file, ids[i] >= 0 && ids[i] < recipe.model().codes(), "tokens from 0 to " + (recipe.model().codes() - 1), ids[i]);
        }
        tokens.add(ids);
      }
      return content.pictures();
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + REMEDY, e);
    }
  }

  private static Content content(SafetensorsFile file, ShardRecipe recipe, ShardRange range) {
    identity(recipe, range).forEach((key, value) -> {
      String found = file.metadata().getOrDefault(key, "none");
      require(file, found.equals(value), key + " " + value, found);
    });
    Content content = ConfigJson.parse(file.metadata().getOrDefault("content", ""), file.path() + ", metadata content", Content.class);
    require(file, content.pictures().size() + content.skipped().size() == range.rows(), range.rows() + " pictures",
        content.pictures().size() + " and " + content.skipped().size() + " skipped");
    TensorEntry tokens = file.find(TOKENS).orElseThrow(() -> new ConfigException(file.path() + ": has no tensor " + TOKENS + REMEDY));
    String expected = type(recipe) + " " + shape(recipe, content.pictures().size());
    require(file, (tokens.type() + " " + tokens.shape()).equals(expected), expected, tokens.type() + " " + tokens.shape());
    return content;
  }

  private static void require(SafetensorsFile file, boolean right, String expected, Object found) {
    if (!right) {
      throw new ConfigException(file.path() + ": expected " + expected + ", found " + found + REMEDY);
    }
  }
}
