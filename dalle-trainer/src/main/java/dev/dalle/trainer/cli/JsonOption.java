package dev.dalle.trainer.cli;

import picocli.CommandLine.Option;

/** {@code --json}: the result as one JSON value instead of text. */
final class JsonOption {

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  boolean json() {
    return json;
  }
}
