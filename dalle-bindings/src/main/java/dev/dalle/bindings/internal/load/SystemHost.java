package dev.dalle.bindings.internal.load;

import dev.dalle.bindings.internal.onednn.Dnnl;
import dev.dalle.bindings.internal.onednn.dnnl_version_t;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machine that this process runs on. */
final class SystemHost implements Host {
  /** The system property that names the cache folder. */
  static final String CACHE_PROPERTY = "dalle.cache";

  /** The environment variable that names the cache folder. */
  static final String CACHE_VARIABLE = "DALLE_CACHE";

  @Override
  public String osName() {
    return System.getProperty("os.name");
  }

  @Override
  public String osArch() {
    return System.getProperty("os.arch");
  }

  @Override
  public Optional<Set<String>> cpuFlags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines.filter(line -> line.startsWith("flags")).findFirst()
          .map(line -> Arrays.stream(line.substring(line.indexOf(':') + 1).trim().split("\\s+")).collect(Collectors.toSet()));
    } catch (IOException | java.io.UncheckedIOException e) {
      return Optional.empty();                       // oneDNN is asked for its instruction set after loading as well
    }
  }

  @Override
  public Optional<URL> resource(String name) {
    ClassLoader own = SystemHost.class.getClassLoader();
    URL found = own == null ? null : own.getResource(name);
    return Optional.ofNullable(found != null ? found : ClassLoader.getSystemResource(name));
  }

  @Override
  public Path cacheFolder() {
    String property = System.getProperty(CACHE_PROPERTY);
    if (property != null && !property.isBlank()) {
      return Path.of(property);
    }
    String variable = System.getenv(CACHE_VARIABLE);
    if (variable != null && !variable.isBlank()) {
      return Path.of(variable);
    }
    return Path.of(System.getProperty("user.home"), ".cache", "dalle");
  }

  @Override
  @SuppressWarnings("restricted")
  public void setEnvironmentDefault(String name, String value) {
    Linker linker = Linker.nativeLinker();
    MethodHandle setenv = linker.downcallHandle(linker.defaultLookup().findOrThrow("setenv"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int failed = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
      if (failed != 0) {
        throw new IllegalStateException("setenv(" + name + ") returned " + failed);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("setenv declares no exception", t);
    }
  }

  @Override
  @SuppressWarnings("restricted")
  public void load(Path file) {
    System.load(file.toString());                    // registers with this class loader, where the generated code looks
  }

  @Override
  public boolean hasSymbol(String name) {
    return SymbolLookup.loaderLookup().find(name).isPresent();
  }

  @Override
  public Version oneDnnVersion() {
    MemorySegment version = dnnl_version_t.reinterpret(Dnnl.dnnl_version(), Arena.global(), ignored -> { });
    return new Version(dnnl_version_t.major(version), dnnl_version_t.minor(version), dnnl_version_t.patch(version));
  }

  @Override
  public int oneDnnIsa() {
    return Dnnl.dnnl_get_effective_cpu_isa();
  }
}
