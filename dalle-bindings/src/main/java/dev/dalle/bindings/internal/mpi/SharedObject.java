package dev.dalle.bindings.internal.mpi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A library opened by the C library's loader with its names visible to what is loaded later: Open MPI's plug-ins look for their functions there, and the loader
 * of the Java run-time hides them. Never closed.
 */
public final class SharedObject {
  private static final int NOW_AND_GLOBAL = 0x102;   // RTLD_NOW | RTLD_GLOBAL of Linux
  private static final long LONGEST_ERROR = 4096;

  private final String name;
  private final MemorySegment handle;

  private SharedObject(String name, MemorySegment handle) {
    this.name = name;
    this.handle = handle;
  }

  /** Of an attempt. */
  sealed interface Opening {
    record Opened(SharedObject library) implements Opening {}

    record Refused(String reason) implements Opening {}
  }

  static Opening open(String name) {
    MethodHandle dlopen = system("dlopen", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    // Looked up before: looking up forgets the error.
    MethodHandle dlerror = system("dlerror", FunctionDescriptor.of(ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(name), NOW_AND_GLOBAL);
      if (handle.address() != 0) {
        return new Opening.Opened(new SharedObject(name, handle));
      }
      MemorySegment error = (MemorySegment) dlerror.invokeExact();
      return new Opening.Refused(error.address() == 0 ? name : text(error));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @SuppressWarnings("restricted")
  private static String text(MemorySegment error) {
    return error.reinterpret(LONGEST_ERROR).getString(0);
  }

  /** Sets a variable of the process environment for native code, unless the user has set it. */
  static void setEnvironmentDefault(String name, String value) {
    try (Arena arena = Arena.ofConfined()) {
      int failed = (int) system("setenv", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
          .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
      if (failed != 0) {
        throw new IllegalStateException("setenv(" + name + ") returned " + failed);
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** By which it was opened. */
  String name() {
    return name;
  }

  /** The file that it is, if the kernel tells. */
  Optional<String> file() {
    String last = Path.of(name).getFileName().toString();
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.indexOf('/') >= 0).map(line -> line.substring(line.indexOf('/')))
          .filter(file -> Path.of(file).getFileName().toString().startsWith(last)).findFirst();
    } catch (IOException | java.io.UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /** A function or an object of it. */
  Optional<MemorySegment> find(String symbol) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = (MemorySegment) system("dlsym", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS))
          .invokeExact(handle, arena.allocateFrom(symbol));
      return found.address() == 0 ? Optional.empty() : Optional.of(found);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A function of two pointers that gives a status. */
  @SuppressWarnings("restricted")
  int callWithTwoPointers(String function, MemorySegment first, MemorySegment second) {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(find(function).orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    try {
      return (int) handle.invokeExact(first, second);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle system(String function, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), type);
  }

  static RuntimeException unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    throw new AssertionError("a native function declares no exception", t);
  }
}
