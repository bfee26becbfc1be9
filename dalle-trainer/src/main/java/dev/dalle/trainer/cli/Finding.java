package dev.dalle.trainer.cli;

import java.util.Optional;

/**
 * One thing that the doctor found.
 *
 * @param status how it is
 * @param name what was looked at
 * @param value what was found
 * @param remedy what to do about it; present exactly when the status is not OK
 */
record Finding(Status status, String name, String value, Optional<String> remedy) {

  /** OK, slower or tighter than it could be, or such that training cannot work. */
  enum Status {
    OK,
    WARNING,
    FAULT
  }

  Finding {
    if (name.isBlank() || value.isBlank()) {
      throw new IllegalArgumentException("finding: expected a name and a value, got '" + name + "' and '" + value + "'");
    }
    if ((status == Status.OK) == remedy.isPresent()) {
      throw new IllegalArgumentException("remedy: expected one exactly when the status is not OK, got " + status + " and " + remedy);
    }
  }

  static Finding ok(String name, String value) {
    return new Finding(Status.OK, name, value, Optional.empty());
  }

  static Finding warning(String name, String value, String remedy) {
    return new Finding(Status.WARNING, name, value, Optional.of(remedy));
  }

  static Finding fault(String name, String value, String remedy) {
    return new Finding(Status.FAULT, name, value, Optional.of(remedy));
  }
}
