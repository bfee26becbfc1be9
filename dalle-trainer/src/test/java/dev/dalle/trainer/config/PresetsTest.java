package dev.dalle.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PresetsTest {

  record Size(int width) {}

  @Test
  void findsByNameAndHelpsOtherwise() {
    Map<String, Size> map = new LinkedHashMap<>();
    map.put("emoji-tiny", new Size(32));
    map.put("emoji", new Size(64));
    map.put("paper-12b", new Size(256));
    Presets<Size> presets = new Presets<>("dVAE", map);
    map.clear();
    assertEquals(new Size(64), presets.get("emoji"));
    assertEquals(List.of("emoji-tiny", "emoji", "paper-12b"), presets.names());
    assertEquals(
        "unknown dVAE preset 'emoij'; did you mean 'emoji'? (there are emoji-tiny, emoji, paper-12b)",
        assertThrows(ConfigException.class, () -> presets.get("emoij")).getMessage());
    assertEquals(
        "unknown dVAE preset 'x' (there are emoji-tiny, emoji, paper-12b)",
        assertThrows(ConfigException.class, () -> presets.get("x")).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new Presets<>("dVAE", Map.<String, Size>of()));
  }

  /** Distances from the textbook example and by counting. */
  @ParameterizedTest
  @CsvSource({"kitten,sitting,3", "'',abc,3", "abc,abc,0", "demo,deom,1", "ca,abc,3", "seed,sede,1"})
  void distance(String a, String b, int expected) {
    assertEquals(expected, Closest.distance(a, b));
    assertEquals(expected, Closest.distance(b, a));
  }

  @Test
  void nothingIsCloseToNonsense() {
    assertEquals(Optional.empty(), Closest.to("qqqq", List.of("demo", "data")));
    assertEquals(Optional.of("demo"), Closest.to("DMEO", List.of("data", "demo")));
    assertEquals(Optional.empty(), Closest.to("demo", List.of()));
  }

  @ParameterizedTest
  @CsvSource({"15m,900000", "1h30m,5400000", "90s,90000", "2d,172800000", "1s500ms,1500", "0s,0", "5400s,5400000"})
  void durations(String text, long millis) {
    Duration duration = DurationText.parse(text);
    assertEquals(millis, duration.toMillis());
    assertEquals(duration, DurationText.parse(DurationText.format(duration)));
  }

  @Test
  void durationsAreShortAndExact() {
    assertEquals("1h30m", DurationText.format(Duration.ofSeconds(5400)));
    assertEquals("1s500ms7ns", DurationText.format(Duration.ofNanos(1_500_000_007)));
    assertThrows(IllegalArgumentException.class, () -> DurationText.format(Duration.ofSeconds(-1)));
  }

  @ParameterizedTest
  @CsvSource({"''", "15", "m15", "'15m '", "-5m", "5m1h", "5m5m", "1.5h", "15M"})
  void refusesOtherForms(String text) {
    assertEquals(
        "expected a duration like 90s, 15m or 1h30m, found '" + text + "'",
        assertThrows(IllegalArgumentException.class, () -> DurationText.parse(text)).getMessage());
  }
}
