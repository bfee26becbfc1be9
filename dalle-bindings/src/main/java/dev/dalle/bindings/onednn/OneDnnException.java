package dev.dalle.bindings.onednn;

import java.util.Objects;

/** A oneDNN call returned a status other than success. */
public final class OneDnnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** oneDNN's status codes, in the order of their numbers. */
  public enum Status {
    /** 0: no error. */
    SUCCESS,
    /** 1: an allocation failed. */
    OUT_OF_MEMORY,
    /** 2: the arguments contradict each other. */
    INVALID_ARGUMENTS,
    /** 3: nothing computes these types and layouts on this processor. */
    UNIMPLEMENTED,
    /** 4: no further implementation. */
    LAST_IMPL_REACHED,
    /** 5: the primitive failed while running. */
    RUNTIME_ERROR,
    /** 6: the question does not apply. */
    NOT_REQUIRED,
    /** 7: graph interface only. */
    INVALID_GRAPH,
    /** 8: graph interface only. */
    INVALID_GRAPH_OP,
    /** 9: graph interface only. */
    INVALID_SHAPE,
    /** 10: graph interface only. */
    INVALID_DATA_TYPE,
    /** A number that these bindings do not know. */
    UNKNOWN;

    static Status of(int number) {
      return number >= 0 && number < UNKNOWN.ordinal() ? values()[number] : UNKNOWN;
    }
  }

  private final String call;
  private final Status status;
  private final int number;

  OneDnnException(String call, int number, String what) {
    super(call + " returned " + Status.of(number) + " (" + number + ") for " + what);
    this.call = Objects.requireNonNull(call, "call");
    this.status = Status.of(number);
    this.number = number;
  }

  static void check(int number, String call, Object what) {
    if (number != 0) {
      throw new OneDnnException(call, number, String.valueOf(what));
    }
  }

  /** The C function that was called. */
  public String call() {
    return call;
  }

  /** What it returned. */
  public Status status() {
    return status;
  }

  /** The number that it returned. */
  public int number() {
    return number;
  }
}
