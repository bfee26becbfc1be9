package dev.dalle.bindings;

import java.util.Objects;

/** A native library cannot be used. The message says what was looked for, what was found and what to do. */
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why a library cannot be used; each reason has a remedy of its own, given in the message. */
  public enum Reason {
    /** The jar with the library is not on the class path, or the library is not installed. */
    NOT_FOUND,
    /** No build of the library for this operating system or architecture. */
    UNSUPPORTED_PLATFORM,
    /** The processor lacks instructions that the suite needs. */
    UNSUPPORTED_PROCESSOR,
    /** The Java run-time refuses native access to this module. */
    NATIVE_ACCESS_DENIED,
    /** The library could not be unpacked into the cache folder. */
    CACHE_UNUSABLE,
    /** The operating system's loader refused the file. */
    LOAD_FAILED,
    /** The library is there, in a version that these bindings were not made for. */
    WRONG_VERSION,
    /** The library lacks a function that these bindings call. */
    MISSING_SYMBOL
  }

  private final String library;
  private final Reason reason;

  /**
   * Makes an exception.
   *
   * @param library the library's name, as in {@link LibraryReport#name()}
   * @param reason the kind of failure
   * @param message what was found and what to do
   */
  public NativeLibraryException(String library, Reason reason, String message) {
    super(library + ": " + message);
    this.library = Objects.requireNonNull(library, "library");
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /**
   * Makes an exception with a cause.
   *
   * @param library the library's name, as in {@link LibraryReport#name()}
   * @param reason the kind of failure
   * @param message what was found and what to do
   * @param cause what happened
   */
  public NativeLibraryException(String library, Reason reason, String message, Throwable cause) {
    this(library, reason, message);
    initCause(cause);
  }

  /** A new exception of the same content, for a failed load that is asked for again; the first one is its cause. */
  public NativeLibraryException again() {
    String text = getMessage().substring(library.length() + 2);
    return new NativeLibraryException(library, reason, text, this);
  }

  /** The library's name. */
  public String library() {
    return library;
  }

  /** The kind of failure. */
  public Reason reason() {
    return reason;
  }
}
