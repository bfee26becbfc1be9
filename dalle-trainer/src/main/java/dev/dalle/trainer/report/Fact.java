package dev.dalle.trainer.report;

/**
 * Something to know about a run that is no measurement: a setting, a part of the machine.
 *
 * @param name not empty
 * @param value as it is shown
 */
public record Fact(String name, String value) {
  /** Checks the name. */
  public Fact {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name: expected a text, got '" + name + "' for the value " + value);
    }
  }
}
