package dev.dalle.trainer.report;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Everything a run has to show. {@link ReportFiles} writes it as HTML and as JSON, so both have the same numbers.
 *
 * @param title the heading, for example the name of the run
 * @param summary one paragraph of plain text below it; may be empty
 * @param created when the run ended
 * @param settings what the run was told
 * @param hardware what it ran on, see {@link Machine#facts()}
 * @param sections its chapters, in order
 */
public record Report(
    String title, String summary, Instant created, List<Fact> settings, List<Fact> hardware, List<Section> sections) {

  /** Checks that programs find every number under one key. */
  public Report {
    if (title.isBlank()) {
      throw new IllegalArgumentException("title: expected a text, got '" + title + "'");
    }
    settings = List.copyOf(settings);
    hardware = List.copyOf(hardware);
    sections = List.copyOf(sections);
    List<Block> blocks = sections.stream().flatMap(section -> section.blocks().stream()).toList();
    requireUnique("setting", settings.stream(), Fact::name);
    requireUnique("hardware", hardware.stream(), Fact::name);
    requireUnique("metric", only(blocks, MetricTable.class).flatMap(table -> table.metrics().stream()), Metric::key);
    requireUnique("chart", only(blocks, Chart.class), Chart::key);
    requireUnique("heat map", only(blocks, HeatMap.class), HeatMap::key);
    requireUnique("code use", only(blocks, CodeUse.class), CodeUse::key);
  }

  /** All blocks of one kind, in order. */
  <B extends Block> Stream<B> blocks(Class<B> kind) {
    return only(sections.stream().flatMap(section -> section.blocks().stream()).toList(), kind);
  }

  private static <B extends Block> Stream<B> only(List<Block> blocks, Class<B> kind) {
    return blocks.stream().filter(kind::isInstance).map(kind::cast);
  }

  private static <T> void requireUnique(String what, Stream<T> values, Function<T, String> key) {
    Set<String> seen = new HashSet<>();
    values
        .map(key)
        .filter(k -> !seen.add(k))
        .findFirst()
        .ifPresent(
            k -> {
              throw new IllegalArgumentException(what + " key: expected each once, got '" + k + "' twice");
            });
  }
}
