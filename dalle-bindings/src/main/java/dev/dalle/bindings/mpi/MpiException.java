package dev.dalle.bindings.mpi;

import dev.dalle.bindings.internal.mpi.MpiFunctions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** A call of MPI returned a status other than success. */
public final class MpiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_TEXT = 1024;

  private final String call;
  private final int number;

  private MpiException(String call, int number, String text, String what) {
    super(call + " returned " + number + " (" + text + ") for " + what);
    this.call = Objects.requireNonNull(call, "call");
    this.number = number;
  }

  static void check(int number, String call, Object what) {
    if (number != 0) {
      throw new MpiException(call, number, text(number), String.valueOf(what));
    }
  }

  private static String text(int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_TEXT);
      MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
      int failed = (int) MpiFunctions.ERROR_STRING.invokeExact(number, text, length);
      return failed == 0 ? text.getString(0) : "no text";
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
  }

  /** The C function that was called. */
  public String call() {
    return call;
  }

  /** What it returned. */
  public int number() {
    return number;
  }
}
