package dev.dalle.trainer.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers of an optimizer that cannot be: refused where the configuration is read, before anything is trained. */
class StageConfigTest {
  private static final RunConfig PRESET = RunPresets.all().get("emoji-tiny");

  /** The configuration with another number in one place. */
  private static String with(Record config, String field, String number) {
    String json = ConfigJson.write(config);
    String changed = json.replaceFirst("(\"" + field + "\" : )[-0-9.E]+", "$1" + number);
    assertTrue(!changed.equals(json), field);
    return changed;
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "stepSize | -1.0E-3 | stepSize: expected a positive number, found -0.001",
      "stepSize | 0 | stepSize: expected a positive number, found 0.0",
      "stepSize | \"NaN\" | stepSize: expected a number, found \"NaN\"",
      "stepSize | 1e999 | stepSize: expected a number, found 1E+999",
      "stepSizeEnd | -2 | stepSizeEnd: expected a positive number, found -2.0",
      "clipNorm | -4 | clipNorm: expected a positive number, found -4.0",
      "clipNorm | 0 | clipNorm: expected a positive number, found 0.0",
      "clipNorm | \"NaN\" | clipNorm: expected a number, found \"NaN\"",
      "weightDecay | -0.1 | weightDecay: expected 0 or more, found -0.1",
      "averageDecay | 1 | averageDecay: expected a number from 0 to below 1, found 1.0"})
  void ofTheTransformer(String field, String number, String message) {
    assertEquals("the file: " + message,
        assertThrows(ConfigException.class, () -> ConfigJson.parse(with(PRESET.transformer(), field, number), "the file", TransformerStageConfig.class)).getMessage());
    // What is no number at all is found at its place; what the record refuses is known by the record.
    String place = message.contains("expected a number, ") ? "transformer." : "transformer: ";
    assertEquals("the file: " + place + message,
        assertThrows(ConfigException.class, () -> ConfigJson.parse(whole(field, number), "the file", RunConfig.class)).getMessage());
  }

  /** The run that the changed stage belongs to. */
  private static String whole(String field, String number) {
    String run = ConfigJson.write(PRESET);
    int from = run.indexOf("\"transformer\"");
    String changed = run.substring(from).replaceFirst("(\"" + field + "\" : )[-0-9.E]+", "$1" + number);
    return run.substring(0, from) + changed;
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "stepSizeStart | -1.0E-3 | stepSizeStart: expected a positive number, found -0.001",
      "stepSizeEnd | \"NaN\" | stepSizeEnd: expected a number, found \"NaN\"",
      "clipNorm | -4 | clipNorm: expected a positive number, found -4.0",
      "clipNorm | \"Infinity\" | clipNorm: expected a number, found \"Infinity\""})
  void ofTheDvae(String field, String number, String message) {
    assertEquals("the file: " + message,
        assertThrows(ConfigException.class, () -> ConfigJson.parse(with(PRESET.dvae(), field, number), "the file", DvaeStageConfig.class)).getMessage());
  }

  @Test
  void inCodeTheyAreRefusedToo() {
    TransformerStageConfig stage = PRESET.transformer();
    for (double number : new double[] {Double.NaN, -1, 0, Double.POSITIVE_INFINITY}) {
      assertEquals("stepSize: expected a positive number, found " + number,
          assertThrows(IllegalArgumentException.class, () -> of(stage, number, 4)).getMessage());
      assertEquals("clipNorm: expected a positive number, found " + number,
          assertThrows(IllegalArgumentException.class, () -> of(stage, 1e-3, number)).getMessage());
    }
    assertEquals(1e-3, of(stage, 1e-3, 4).stepSize());
  }

  private static TransformerStageConfig of(TransformerStageConfig stage, double stepSize, double clipNorm) {
    return new TransformerStageConfig(stage.model(), stage.compute(), stage.steps(), stage.batchSize(), stepSize, stage.stepSizeEnd(), stage.warmupShare(),
        stage.bpeDropout(), stage.captionDropout(), stage.weightDecay(), stage.averageDecay(), stage.averageInterval(), clipNorm, stage.recompute(),
        stage.checkpointSteps());
  }
}
