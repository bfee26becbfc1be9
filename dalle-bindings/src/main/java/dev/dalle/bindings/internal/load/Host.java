package dev.dalle.bindings.internal.load;

import java.net.URL;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** What loading a library needs to know of the machine and do to the process; tests put another machine in its place. */
public interface Host {
  /** {@code os.name}. */
  String osName();

  /** {@code os.arch}. */
  String osArch();

  /** The processor's feature flags in the kernel's spelling; empty if they cannot be read. */
  Optional<Set<String>> cpuFlags();

  /** A file on the class path. */
  Optional<URL> resource(String name);

  /** Where unpacked libraries are kept. */
  Path cacheFolder();

  /** Sets a variable of the process environment for native code, unless the user has set it. */
  void setEnvironmentDefault(String name, String value);

  /** Loads a library file into the process. */
  void load(Path file);

  /** Whether a function of that name is found in the loaded libraries. */
  boolean hasSymbol(String name);

  /** oneDNN's version, after loading. */
  Version oneDnnVersion();

  /** The code of the instruction set that oneDNN will use, after loading. */
  int oneDnnIsa();

  /**
   * A version in three numbers.
   *
   * @param major first number
   * @param minor second number
   * @param patch third number
   */
  record Version(int major, int minor, int patch) {
    @Override
    public String toString() {
      return major + "." + minor + "." + patch;
    }
  }
}
