package dev.dalle.dist;

import java.util.OptionalInt;

/** Ranks could not do something together. All of them get one, each with the same culprit as far as it is known. The communicator is of no further use. */
public class CommunicationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int rank;
  private final int culprit;
  private final String operation;
  private final long sequence;

  /**
   * An exception.
   *
   * @param communicator name of the communicator
   * @param rank on which it is thrown
   * @param culprit the first rank that failed, is late or differs, if known
   * @param operation that could not be done, with type and size
   * @param sequence number of the posted group within its communicator, from 1
   * @param found what the culprit did, as the end of a sentence about it; a whole one if it is not known
   */
  public CommunicationException(String communicator, int rank, OptionalInt culprit, String operation, long sequence, String found, Throwable cause) {
    super(communicator + ", rank " + rank + ": " + operation + " (number " + sequence + "): "
        + subject(rank, culprit) + found, cause);
    this.rank = rank;
    this.culprit = culprit.orElse(-1);
    this.operation = operation;
    this.sequence = sequence;
  }

  private static String subject(int rank, OptionalInt culprit) {
    return culprit.isEmpty() ? "" : culprit.getAsInt() == rank ? "this rank " : "rank " + culprit.getAsInt() + " ";
  }

  /** The rank on which it is thrown. */
  public int rank() {
    return rank;
  }

  /** The first rank that failed, is late or differs, if known. */
  public OptionalInt culprit() {
    return culprit < 0 ? OptionalInt.empty() : OptionalInt.of(culprit);
  }

  /** What could not be done. */
  public String operation() {
    return operation;
  }

  /** Number of the posted group within its communicator, from 1. */
  public long sequence() {
    return sequence;
  }
}
