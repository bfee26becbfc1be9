package dev.dalle.trainer.data;

import dev.dalle.trainer.data.EmojiSet.Alias;
import dev.dalle.trainer.data.EmojiSet.Box;
import dev.dalle.trainer.data.EmojiSet.Icon;
import dev.dalle.trainer.data.EmojiSet.Licence;
import dev.dalle.trainer.data.EmojiSet.Turn;
import dev.dalle.trainer.files.FileHash;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The jar of emoji sets: JSON files of SVG bodies with names. Every set is read as a stream, since the largest file has a hundred
 * megabytes. Owns the open jar. One thread at a time.
 */
final class EmojiArtifact implements AutoCloseable {
  private final Path jar;
  private final ZipFile zip;
  private final JsonFactory json = new JsonFactory();

  EmojiArtifact(Path jar) {
    if (!Files.isRegularFile(jar)) {
      throw new DataException("emoji artifact " + jar + ": " + (Files.exists(jar) ? "is not a file" : "does not exist")
          + "; fetch org.webjars.npm:iconify__json with Maven and give its path");
    }
    this.jar = jar;
    try {
      this.zip = new ZipFile(jar.toFile());
    } catch (IOException e) {
      throw new DataException("emoji artifact " + jar + ": is not a readable jar (" + e.getMessage()
          + "); delete it and fetch org.webjars.npm:iconify__json again", e);
    }
  }

  /** SHA-256 of a file in hexadecimal digits. */
  static String digest(Path file) {
    try {
      return FileHash.sha256(file);
    } catch (IOException e) {
      throw new DataException("emoji artifact " + file + ": cannot be read (" + e.getMessage()
          + "); fetch org.webjars.npm:iconify__json with Maven and give its path", e);
    }
  }

  /** Everything about a set but its drawings. */
  EmojiSet scan(EmojiStyle style) {
    Licence[] licence = new Licence[1];
    double[] size = {16, 16};
    Map<String, Icon> icons = new LinkedHashMap<>();
    Map<String, Alias> aliases = new LinkedHashMap<>();
    Set<String> flags = new HashSet<>();
    parse(style, (field, in) -> {
      switch (field) {
        case "info" -> licence[0] = licence(in);
        case "width" -> size[0] = in.getDoubleValue();
        case "height" -> size[1] = in.getDoubleValue();
        case "icons" -> fields(in, (name, icon) -> icons.put(name, icon(icon)));
        case "aliases" -> fields(in, (name, alias) -> aliases.put(name, alias(alias)));
        case "categories" -> fields(in, (name, category) -> {
          while (category.nextToken() != JsonToken.END_ARRAY) {
            if (name.equals("Flags")) {
              flags.add(category.getString());
            }
          }
        });
        default -> in.skipChildren();
      }
    });
    if (licence[0] == null || icons.isEmpty()) {
      throw new DataException("emoji artifact " + jar + ", set " + style.set() + ": has " + icons.size() + " icons and "
          + (licence[0] == null ? "no info block" : "an info block") + "; expected both. Fetch org.webjars.npm:iconify__json again");
    }
    // The size common to all icons stands behind them in the file.
    icons.replaceAll((name, icon) -> new Icon(withDefaults(icon.box(), size), icon.turn(), icon.hidden(), icon.bodyHash()));
    return new EmojiSet(licence[0], icons, aliases, flags);
  }

  /** Hands out the SVG body of every icon of a set, in the order of the file. */
  void bodies(EmojiStyle style, BiConsumer<String, String> use) {
    parse(style, (field, in) -> {
      if (!field.equals("icons")) {
        in.skipChildren();
        return;
      }
      fields(in, (name, icon) -> fields(icon, (key, value) -> {
        if (key.equals("body")) {
          use.accept(name, value.getString());
        } else {
          value.skipChildren();
        }
      }));
    });
  }

  private interface Field {
    /** Reads the value at which the parser stands, to its end. */
    void read(String name, JsonParser in);
  }

  private void parse(EmojiStyle style, Field field) {
    String file = "/json/" + style.set() + ".json";
    ZipEntry entry = zip.stream().filter(e -> ("/" + e.getName()).endsWith(file)).findFirst()
        .orElseThrow(() -> new DataException("emoji artifact " + jar + ": has no entry ending in " + file
            + "; expected the jar org.webjars.npm:iconify__json"));
    try (InputStream stream = zip.getInputStream(entry); JsonParser in = json.createParser(ObjectReadContext.empty(), stream)) {
      in.nextToken();
      fields(in, field);
    } catch (IOException | JacksonException e) {
      throw new DataException("emoji artifact " + jar + ", entry " + entry.getName() + ": is damaged (" + e.getMessage()
          + "); delete the jar and fetch it again", e);
    }
  }

  private static void fields(JsonParser in, Field field) {
    if (in.currentToken() != JsonToken.START_OBJECT) {
      throw new DataException("expected an object at " + in.currentLocation() + ", got " + in.currentToken());
    }
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = in.currentName();
      in.nextToken();
      field.read(name, in);
    }
  }

  private static Icon icon(JsonParser in) {
    double[] box = {Double.NaN, Double.NaN, Double.NaN, Double.NaN};
    int[] quarters = {0};
    boolean[] flags = new boolean[3];
    String[] hash = {""};
    fields(in, (key, value) -> {
      switch (key) {
        case "body" -> hash[0] = HexFormat.of().formatHex(Arrays.copyOf(
            StableHash.sha256().digest(value.getString().getBytes(StandardCharsets.UTF_8)), 16));
        case "left" -> box[0] = value.getDoubleValue();
        case "top" -> box[1] = value.getDoubleValue();
        case "width" -> box[2] = value.getDoubleValue();
        case "height" -> box[3] = value.getDoubleValue();
        default -> turn(key, value, quarters, flags);
      }
    });
    return new Icon(new Box(box[0], box[1], box[2], box[3]), new Turn(quarters[0], flags[0], flags[1]), flags[2], hash[0]);
  }

  private static Alias alias(JsonParser in) {
    String[] parent = {""};
    int[] quarters = {0};
    boolean[] flags = new boolean[3];
    fields(in, (key, value) -> {
      if (key.equals("parent")) {
        parent[0] = value.getString();
      } else {
        turn(key, value, quarters, flags);
      }
    });
    return new Alias(parent[0], new Turn(quarters[0], flags[0], flags[1]), flags[2]);
  }

  private static void turn(String key, JsonParser value, int[] quarters, boolean[] flags) {
    switch (key) {
      case "rotate" -> quarters[0] = value.getIntValue();
      case "hFlip" -> flags[0] = value.getBooleanValue();
      case "vFlip" -> flags[1] = value.getBooleanValue();
      case "hidden" -> flags[2] = value.getBooleanValue();
      default -> value.skipChildren();
    }
  }

  private static Licence licence(JsonParser in) {
    Map<String, String> found = new LinkedHashMap<>();
    fields(in, (key, value) -> {
      if (key.equals("license") || key.equals("author")) {
        fields(value, (inner, text) -> {
          found.put(key + "." + inner, text.getString());
          text.skipChildren();
        });
      } else {
        value.skipChildren();
      }
    });
    return new Licence(found.getOrDefault("license.title", "unknown"), found.getOrDefault("license.spdx", "unknown"),
        found.getOrDefault("license.url", ""), found.getOrDefault("author.name", "unknown"), found.getOrDefault("author.url", ""));
  }

  private static Box withDefaults(Box box, double[] size) {
    return new Box(Double.isNaN(box.left()) ? 0 : box.left(), Double.isNaN(box.top()) ? 0 : box.top(),
        Double.isNaN(box.width()) ? size[0] : box.width(), Double.isNaN(box.height()) ? size[1] : box.height());
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new DataException("emoji artifact " + jar + ": cannot be closed (" + e.getMessage() + ")", e);
    }
  }
}
