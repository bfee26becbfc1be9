package dev.dalle.trainer.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Configurations by name.
 *
 * @param what what they configure, for messages, for example {@code dVAE}
 * @param byName at least one, in the order in which they are listed
 * @param <T> the configuration record
 */
public record Presets<T extends Record>(String what, Map<String, T> byName) {

  /** Keeps the order. */
  public Presets {
    if (byName.isEmpty()) {
      throw new IllegalArgumentException("byName: expected at least one " + what + " preset, got none");
    }
    byName = Collections.unmodifiableMap(new LinkedHashMap<>(byName));
  }

  /** The names, in order. */
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /**
   * The configuration of a name.
   *
   * @throws ConfigException if there is none; the message has the closest name and all names
   */
  public T get(String name) {
    T preset = byName.get(name);
    if (preset == null) {
      String hint = Closest.to(name, byName.keySet()).map(closest -> "; did you mean '" + closest + "'?").orElse("");
      throw new ConfigException("unknown " + what + " preset '" + name + "'" + hint + " (there are " + String.join(", ", byName.keySet()) + ")");
    }
    return preset;
  }
}
