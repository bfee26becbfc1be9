package dev.dalle.bindings.internal.load;

import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A machine on which everything is in order until a test changes something; loads nothing into the process. */
final class FakeHost implements Host {
  final List<String> log = new ArrayList<>();
  String osName = "Linux";
  String osArch = "amd64";
  Optional<Set<String>> cpuFlags = Optional.of(Set.of("sse4_1", "avx2"));
  Predicate<String> hasResource = name -> true;
  Path resources;
  Path cacheFolder;
  RuntimeException onSetEnvironment;
  Error onLoad;
  Predicate<String> hasSymbol = name -> true;
  Version version = new Version(3, 13, 0);
  int isa = 0xe7;

  @Override
  public String osName() {
    return osName;
  }

  @Override
  public String osArch() {
    return osArch;
  }

  @Override
  public Optional<Set<String>> cpuFlags() {
    return cpuFlags;
  }

  @Override
  public Optional<URL> resource(String name) {
    if (!hasResource.test(name)) {
      return Optional.empty();
    }
    try {
      return Optional.of(resources.resolve(name.substring(name.lastIndexOf('/') + 1)).toUri().toURL());
    } catch (java.net.MalformedURLException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Path cacheFolder() {
    return cacheFolder;
  }

  @Override
  public void setEnvironmentDefault(String name, String value) {
    if (onSetEnvironment != null) {
      throw onSetEnvironment;
    }
    log.add(name + "=" + value);
  }

  @Override
  public void load(Path file) {
    if (onLoad != null) {
      throw onLoad;
    }
    log.add("load " + file.getFileName());
  }

  @Override
  public boolean hasSymbol(String name) {
    return hasSymbol.test(name);
  }

  @Override
  public Version oneDnnVersion() {
    return version;
  }

  @Override
  public int oneDnnIsa() {
    return isa;
  }
}
