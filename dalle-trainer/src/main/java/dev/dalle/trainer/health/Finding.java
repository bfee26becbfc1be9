package dev.dalle.trainer.health;

import java.util.Optional;

/**
 * One thing that the doctor found.
 *
 * @param status how it is
 * @param name what was looked at
 * @param value what was found
 * @param remedy what to do about it; present exactly when the status is not OK
 */
public record Finding(Status status, String name, String value, Optional<String> remedy) {

  /** How something is. */
  public enum Status {
    /** As it should be. */
    OK,
    /** Slower, tighter or poorer than it could be. */
    WARNING,
    /** Such that the result will be worth nothing, or there will be none. */
    FAULT
  }

  /** Checks that it is complete. */
  public Finding {
    if (name.isBlank() || value.isBlank()) {
      throw new IllegalArgumentException("finding: expected a name and a value, got '" + name + "' and '" + value + "'");
    }
    if ((status == Status.OK) == remedy.isPresent()) {
      throw new IllegalArgumentException("remedy: expected one exactly when the status is not OK, got " + status + " and " + remedy);
    }
  }

  /** Nothing to do. */
  public static Finding ok(String name, String value) {
    return new Finding(Status.OK, name, value, Optional.empty());
  }

  /** Something to do, sooner or later. */
  public static Finding warning(String name, String value, String remedy) {
    return new Finding(Status.WARNING, name, value, Optional.of(remedy));
  }

  /** Something to do before anything else. */
  public static Finding fault(String name, String value, String remedy) {
    return new Finding(Status.FAULT, name, value, Optional.of(remedy));
  }
}
