package dev.dalle.trainer.cli;

/** A command cannot do what was asked; the message is the one line that the user reads. Exit status 1. */
final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CommandException(String message) {
    super(message);
  }

  CommandException(String message, Throwable cause) {
    super(message, cause);
  }
}
