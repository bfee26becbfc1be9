package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataException;
import dev.dalle.trainer.data.EmojiPictures;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.progress.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a data set yields.
 *
 * @param name of the data set
 * @param training number of examples that are trained on
 * @param heldOut number of examples that are held out
 * @param captions number of different captions
 * @param samples some examples
 * @param styles of drawings with their licences; none for other data
 * @param leftOut what drawings were left out on purpose, in words, with counts
 * @param checked whether every picture was read
 * @param failures pictures that are no examples or cannot be read, and why
 */
record DataSummary(String name, int training, int heldOut, long captions, List<Sample> samples, List<EmojiPictures.StyleTerms> styles,
    Map<String, Integer> leftOut, boolean checked, List<Failure> failures) {

  /** An example and its side of the split. */
  record Sample(CaptionedPictures.Example example, boolean heldOut) {}

  /** A picture that cannot be used. */
  record Failure(String id, String reason) {}

  static DataSummary of(CaptionedPictures data, boolean check, int[] samples, int side, Progress progress) {
    Split split = data.split();
    int[] heldOut = split.heldOut();
    List<Failure> failures = new ArrayList<>();
    List<EmojiPictures.StyleTerms> styles = List.of();
    Map<String, Integer> leftOut = new LinkedHashMap<>();
    if (data instanceof EmojiPictures emoji) {
      emoji.failures().forEach(failure -> failures.add(new Failure(failure.id(), failure.reason())));
      styles = emoji.terms();
      leftOut.put("withdrawn by their set", emoji.leftOut().withdrawn());
      leftOut.put("names that repeat a drawing", emoji.leftOut().sameByAlias());
      leftOut.put("drawings equal to an earlier one", emoji.leftOut().sameByBody());
    }
    if (check) {
      failures.addAll(unreadable(data, side, progress));
    }
    long captions = IntStream.range(0, data.size()).mapToObj(index -> data.example(index).caption()).distinct().count();
    List<Sample> chosen = Arrays.stream(samples)
        .mapToObj(index -> new Sample(data.example(index), Arrays.binarySearch(heldOut, index) >= 0)).toList();
    return new DataSummary(data.name(), split.training().length, heldOut.length, captions, chosen, styles, leftOut, check, failures);
  }

  private static List<Failure> unreadable(CaptionedPictures data, int side, Progress progress) {
    List<Failure> failures = new ArrayList<>();
    try (Progress.Stage stage = progress.stage("check pictures", data.size())) {
      for (int index = 0; index < data.size(); index++) {
        try {
          data.picture(index, side);
        } catch (PictureException | DataException e) {
          failures.add(new Failure(data.example(index).id(), Errors.describe(e)));
        }
        stage.step(index + 1, 1);
      }
    }
    return failures;
  }

  /** For people. */
  String text() {
    List<String> lines = new ArrayList<>();
    lines.add("data set   " + name);
    lines.add("examples   " + (training + heldOut) + ": " + training + " for training, " + heldOut + " held out");
    lines.add("captions   " + captions + " different ones");
    if (!samples.isEmpty()) {
      lines.add("samples");
      samples.forEach(sample -> lines.add("  " + (sample.heldOut() ? "held out  " : "training  ") + sample.example().caption()
          + "  [" + sample.example().id() + "]"));
    }
    if (!styles.isEmpty()) {
      lines.add("styles");
      styles.forEach(terms -> lines.add(String.format("  %-15s %6d  %s, %s, %s", terms.style().spoken(), terms.count(), terms.title(), terms.author(),
          terms.source())));
    }
    if (!leftOut.isEmpty()) {
      lines.add("left out");
      leftOut.forEach((what, count) -> lines.add(String.format("  %6d  %s", count, what)));
    }
    lines.add("failures   " + (failures.isEmpty() ? checked ? "none, every picture was read" : "none known" : String.valueOf(failures.size())));
    failures.forEach(failure -> lines.add("  " + failure.id() + ": " + failure.reason()));
    return String.join(System.lineSeparator(), lines);
  }

  /** For programs. */
  Map<String, Object> values(List<CaptionedPictures.Example> shown) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("name", name);
    values.put("examples", training + heldOut);
    values.put("training", training);
    values.put("heldOut", heldOut);
    values.put("captions", captions);
    values.put("samples", samples.stream().map(sample -> ordered("id", sample.example().id(), "caption", sample.example().caption(), "heldOut",
        sample.heldOut())).toList());
    values.put("styles", styles.stream().map(terms -> ordered("style", terms.style().spoken(), "count", terms.count(), "licence", terms.title(),
        "spdx", terms.spdx(), "url", terms.url(), "author", terms.author(), "source", terms.source())).toList());
    values.put("leftOut", leftOut);
    values.put("checked", checked);
    values.put("failures", failures.stream().map(failure -> ordered("id", failure.id(), "reason", failure.reason())).toList());
    values.put("shown", shown.stream().map(example -> ordered("id", example.id(), "caption", example.caption())).toList());
    return values;
  }

  private static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }
}
