package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.Closest;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DataConfig.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code --data} and what goes with it: which captioned pictures. */
final class DataOptions {
  private static final String EMOJI = "emoji";
  private static final List<String> TABLES = List.of(".csv", ".tsv", ".jsonl", ".ndjson");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description = "The captioned pictures: 'emoji' for the drawings that come with the launcher, or a folder, a CSV, TSV or JSONL table, or"
          + " WebDataset shards.")
  private String data;

  @Option(
      names = "--data-kind",
      paramLabel = "KIND",
      description = "What is at the path: ${COMPLETION-CANDIDATES}; by default told by its ending, and a folder of .tar files is webdataset.",
      converter = KindConverter.class,
      completionCandidates = KindNames.class)
  private Kind kind;

  @Option(names = "--image-column", paramLabel = "NAME", description = "Column or property of a table with the picture's path (default image).")
  private String imageColumn;

  @Option(names = "--caption-column", paramLabel = "NAME", description = "Column or property of a table with the caption (default caption).")
  private String captionColumn;

  /** Whether any of them was given. */
  boolean given() {
    return data != null || kind != null || imageColumn != null || captionColumn != null;
  }

  /**
   * What they say, laid over what a configuration says.
   *
   * @param base a preset's or a file's
   */
  DataConfig over(DataConfig base) {
    if (!given()) {
      return base;
    }
    Optional<Path> path = data == null ? base.path() : data.equals(EMOJI) ? Optional.empty() : Optional.of(Path.of(data));
    Kind found = kind != null ? kind : data == null ? base.kind() : path.map(this::kindOf).orElse(Kind.EMOJI);
    if (path.isPresent() == (found == Kind.EMOJI)) {
      throw new ParameterException(command.commandLine(), found == Kind.EMOJI
          ? "--data-kind emoji: expected --data emoji, got --data " + path.get()
          : "--data-kind " + name(found) + ": expected a path with --data, got the emoji drawings");
    }
    return new DataConfig(found, path, imageColumn == null ? base.imageColumn() : imageColumn,
        captionColumn == null ? base.captionColumn() : captionColumn);
  }

  private Kind kindOf(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    if (TABLES.stream().anyMatch(name::endsWith)) {
      return Kind.TABLE;
    }
    if (name.endsWith(".tar")) {
      return Kind.WEBDATASET;
    }
    if (!Files.exists(path)) {
      String hint = Closest.to(data, List.of(EMOJI)).map(word -> "; did you mean '" + word + "'?").orElse("");
      throw new ParameterException(command.commandLine(), "--data: no such file or folder: " + path + hint);
    }
    if (!Files.isDirectory(path)) {
      throw new ParameterException(command.commandLine(), "--data: cannot tell what " + path + " is; expected 'emoji', a folder, a .csv, .tsv or"
          + " .jsonl table or a .tar shard, or name its kind with --data-kind");
    }
    return Folders.holds(path, "*.tar") ? Kind.WEBDATASET : Kind.FOLDER;
  }

  private static String name(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** Kinds as the configuration spells them. */
  static final class KindNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(Kind.values()).map(DataOptions::name).iterator();
    }
  }

  /** From the configuration's spelling. */
  static final class KindConverter implements ITypeConverter<Kind> {
    @Override
    public Kind convert(String value) {
      for (Kind kind : Kind.values()) {
        if (name(kind).equals(value)) {
          return kind;
        }
      }
      throw new TypeConversionException("expected one of " + String.join(", ", new KindNames()) + ", got '" + value + "'");
    }
  }
}
