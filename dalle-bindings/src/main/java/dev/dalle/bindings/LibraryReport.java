package dev.dalle.bindings;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What is known about one native library, for people and for {@code dalle doctor}. */
public sealed interface LibraryReport {
  /** The library's name, for example {@code oneDNN}. */
  String name();

  /**
   * A library that was found and loaded.
   *
   * @param name the library's name
   * @param version its version, as it says itself
   * @param files the files that were loaded, in order
   * @param facts further facts by name, in a fixed order
   */
  record Loaded(String name, String version, List<Path> files, Map<String, String> facts) implements LibraryReport {
    public Loaded {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(version, "version");
      files = List.copyOf(files);
      facts = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(facts));
    }
  }

  /**
   * A library that cannot be used.
   *
   * @param name the library's name
   * @param reason the kind of failure
   * @param message what was found and what to do
   */
  record Unusable(String name, NativeLibraryException.Reason reason, String message) implements LibraryReport {
    public Unusable {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(message, "message");
    }
  }
}
