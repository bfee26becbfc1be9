package dev.dalle.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigJsonTest {

  enum Kind {
    ROW,
    CONV_LIKE
  }

  sealed interface Schedule permits Constant, CosineDecay {}

  record Constant(double value) implements Schedule {}

  record CosineDecay(double from, double to, long steps) implements Schedule {}

  record Model(int layers, float gain, List<Kind> pattern) {
    Model {
      if (layers < 1) {
        throw new IllegalArgumentException("layers: expected at least 1, got " + layers);
      }
    }
  }

  record Run(
      String name,
      Duration budget,
      long seed,
      double stepSize,
      boolean bf16,
      Kind kind,
      Model model,
      Schedule schedule,
      List<Model> more,
      Optional<Integer> limit,
      Optional<Model> scorer,
      Map<String, Schedule> named,
      Path data) {}

  static final Run PRESET =
      new Run(
          "emoji \"tiny\"\n",
          Duration.ofMinutes(15),
          1L << 60,
          3e-4,
          true,
          Kind.CONV_LIKE,
          new Model(6, 0.1f, List.of(Kind.ROW, Kind.CONV_LIKE)),
          new CosineDecay(1, 1.0 / 16, 150_000),
          List.of(new Model(1, 1f, List.of()), new Model(2, Float.MIN_VALUE, List.of(Kind.ROW))),
          Optional.empty(),
          Optional.of(new Model(3, 3.4028235E38f, List.of())),
          Map.of("tau", new Constant(0.1), "beta", new CosineDecay(0, 6.6, 5)),
          Path.of("runs/demo"));

  @Test
  void readsBackEqual() {
    String json = ConfigJson.write(PRESET);
    assertEquals(PRESET, ConfigJson.parse(json, "test", Run.class));
    assertEquals(PRESET, ConfigJson.parse(json, "test", PRESET));
    assertEquals(json, ConfigJson.write(ConfigJson.parse(json, "test", Run.class)), "stable");
  }

  @Test
  void isPretty() {
    assertEquals(
        """
        {
          "layers" : 6,
          "gain" : 0.1,
          "pattern" : [ "row", "conv-like" ]
        }
        """,
        ConfigJson.write(PRESET.model()));
  }

  @Test
  void aMissingKeyKeepsThePreset() {
    Run run = ConfigJson.parse("{\"budget\": \"1h30m\", \"model\": {\"layers\": 12}, \"limit\": 5, \"scorer\": null}", "test", PRESET);
    assertEquals(Duration.ofMinutes(90), run.budget());
    assertEquals(new Model(12, 0.1f, PRESET.model().pattern()), run.model());
    assertEquals(Optional.of(5), run.limit());
    assertEquals(Optional.empty(), run.scorer());
    assertEquals(PRESET.schedule(), run.schedule());
    assertEquals(new Model(3, 2f, List.of()), ConfigJson.parse("{\"scorer\": {\"gain\": 2}}", "test", PRESET).scorer().orElseThrow());
  }

  record Grown(int old, @WhenMissing(0.25) double later) {}

  @Test
  void aKeyThatCameLaterStandsForAValueWhereItIsMissing() {
    assertEquals(new Grown(1, 0.25), ConfigJson.parse("{\"old\": 1}", "t", Grown.class));
    assertEquals(new Grown(1, 0.5), ConfigJson.parse("{\"old\": 1, \"later\": 0.5}", "t", Grown.class));
    assertEquals(new Grown(1, 0.75), ConfigJson.parse("{\"old\": 1}", "t", new Grown(2, 0.75)), "a preset comes first");
    assertEquals("t: old: missing, expected a whole number from -2147483648 to 2147483647",
        assertThrows(ConfigException.class, () -> ConfigJson.parse("{\"later\": 1}", "t", Grown.class)).getMessage());
  }

  @Test
  void oneOfSeveralRecordsIsChosenByType() {
    assertEquals(new CosineDecay(2, 1.0 / 16, 150_000), ConfigJson.parse("{\"schedule\": {\"from\": 2}}", "t", PRESET).schedule());
    assertEquals(new Constant(7), ConfigJson.parse("{\"schedule\": {\"type\": \"constant\", \"value\": 7}}", "t", PRESET).schedule());
    assertEquals(
        "t: schedule.type: expected one of \"constant\", \"cosine-decay\", found \"linear\"", message("{\"schedule\": {\"type\": \"linear\"}}"));
    assertEquals("t: schedule.value: missing, expected a number", message("{\"schedule\": {\"type\": \"constant\"}}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"model\": {\"layer\": 3}} | t: model.layer: unknown key; did you mean \"layers\"?",
        "{\"xyz\": 3} | t: xyz: unknown key; known keys are bf16, budget, data, kind, limit, model, more, name, named, schedule, scorer, seed, stepSize",
        "{\"model\": 3} | t: model: expected an object, found 3",
        "{\"model\": {\"layers\": \"3\"}} | t: model.layers: expected a whole number from -2147483648 to 2147483647, found \"3\"",
        "{\"model\": {\"layers\": 3.0}} | t: model.layers: expected a whole number from -2147483648 to 2147483647, found 3.0",
        "{\"model\": {\"layers\": 3000000000}} | t: model.layers: expected a whole number from -2147483648 to 2147483647, found 3000000000",
        "{\"model\": {\"layers\": 0}} | t: model: layers: expected at least 1, got 0",
        "{\"model\": {\"gain\": 1e39}} | t: model.gain: expected a number of 32 bits, found 1E+39",
        "{\"more\": [{\"layers\": 1, \"gain\": 1, \"pattern\": [\"row\", \"diagonal\"]}]} | t: more[0].pattern[1]: expected one of \"row\", \"conv-like\", found \"diagonal\"",
        "{\"more\": [{\"layers\": 1, \"gain\": 1}]} | t: more[0].pattern: missing, expected a list",
        "{\"more\": {}} | t: more: expected a list, found an object",
        "{\"budget\": \"15 min\"} | t: budget: expected a duration like 90s, 15m or 1h30m, found '15 min'",
        "{\"budget\": 15} | t: budget: expected a duration like \"15m\", found 15",
        "{\"bf16\": \"yes\"} | t: bf16: expected true or false, found \"yes\"",
        "{\"name\": null} | t: name: expected a text, found null",
        "{\"stepSize\": \"NaN\"} | t: stepSize: expected a number, found \"NaN\"",
        "{\"stepSize\": 1e999} | t: stepSize: expected a number, found 1E+999",
        "[] | t: expected an object, found a list",
        "{\"limit\": \"x\"} | t: limit: expected a whole number from -2147483648 to 2147483647, found \"x\"",
      })
  void saysWhereAndWhatIsWrong(String json, String message) {
    assertEquals(message, message(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"seed\": 1 \"name\": \"a\"} | t:1:12: not valid JSON: ",
        "{\"seed\": 1, \"seed\": 2} | not valid JSON: Duplicate ",
        "{\"seed\": 1} {} | not valid JSON: Trailing ",
        "~~ | ",
      })
  void refusesTextThatIsNotOneJsonValue(String json, String part) {
    String message = message(json == null ? "" : json);
    assertTrue(message.startsWith("t") && message.contains(part == null ? "" : part), message);
  }

  @Test
  void theFileIsNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("my config.json");
    assertEquals(file + ": no such file", assertThrows(ConfigException.class, () -> ConfigJson.read(file, PRESET)).getMessage());
    Files.writeString(file, "{\"sede\": 1}");
    assertEquals(
        file + ": sede: unknown key; did you mean \"seed\"?", assertThrows(ConfigException.class, () -> ConfigJson.read(file, PRESET)).getMessage());
    Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"', '}'});
    assertTrue(assertThrows(ConfigException.class, () -> ConfigJson.read(file, PRESET)).getMessage().contains("UTF-8"));
    Files.writeString(file, ConfigJson.write(PRESET));
    assertEquals(PRESET, ConfigJson.read(file, Run.class));
  }

  @Test
  void whatJsonCannotHoldIsNotWritten() {
    assertEquals(
        "gain: cannot be written: JSON has no number NaN",
        assertThrows(ConfigException.class, () -> ConfigJson.write(new Model(1, Float.NaN, List.of()))).getMessage());
  }

  private static String message(String json) {
    return assertThrows(ConfigException.class, () -> ConfigJson.parse(json, "t", PRESET)).getMessage();
  }
}
