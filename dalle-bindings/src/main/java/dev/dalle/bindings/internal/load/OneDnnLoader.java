package dev.dalle.bindings.internal.load;

import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.bindings.NativeLibraryException.Reason;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Finds, unpacks, loads and checks libgomp and libdnnl, in that order. */
final class OneDnnLoader {
  static final String NAME = "oneDNN";

  private static final Logger LOG = LogManager.getLogger(OneDnnLoader.class);
  private static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";
  private static final List<String> FILES = List.of("libgomp.so.1", "libdnnl.so.3");
  private static final String DEPENDENCY = """
      <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId>\
      <version>3.13-1.5.14</version><classifier>linux-x86_64</classifier></dependency>""";
  private static final int AVX2 = 0x7;               // bits of dnnl_cpu_isa_avx2

  private OneDnnLoader() {}

  /** The libraries' files and what was found out about them. */
  record Result(List<Path> files, Host.Version version, int isa) {}

  static Result load(Host host) {
    checkPlatform(host);
    List<URL> resources = new ArrayList<>();
    for (String file : FILES) {
      resources.add(host.resource(FOLDER + file).orElseThrow(() -> new NativeLibraryException(NAME, Reason.NOT_FOUND,
          FOLDER + file + " is not on the class path. Add the Maven dependency " + DEPENDENCY
              + "; when the application runs on the module path, this jar still belongs on the class path.")));
    }
    List<Path> files = unpack(host, resources);
    try {
      // Spinning workers would take the core from Java threads; a team of changing size would break work split by thread.
      host.setEnvironmentDefault("GOMP_SPINCOUNT", "5000");
      host.setEnvironmentDefault("OMP_DYNAMIC", "false");
      for (Path file : files) {
        host.load(file);
      }
      checkSymbols(host, files);
      Result result = checkLoaded(host, files);
      LOG.debug("oneDNN {} from {}, instruction set code 0x{}", result.version(), files, Integer.toHexString(result.isa()));
      return result;
    } catch (IllegalCallerException e) {
      throw new NativeLibraryException(NAME, Reason.NATIVE_ACCESS_DENIED,
          "native access is not enabled for this module (" + e.getMessage() + "). Start java with"
              + " --enable-native-access=dev.dalle.bindings, or =ALL-UNNAMED when everything is on the class path.", e);
    } catch (UnsatisfiedLinkError e) {
      throw new NativeLibraryException(NAME, Reason.LOAD_FAILED,
          "the system's loader refused " + files + ": " + e.getMessage() + ". If the folder does not allow execution, choose another"
              + " one with -D" + SystemHost.CACHE_PROPERTY + "=DIR; otherwise the C library is probably older than 2.28.", e);
    }
  }

  private static void checkPlatform(Host host) {
    boolean supported = host.osName().equals("Linux") && (host.osArch().equals("amd64") || host.osArch().equals("x86_64"));
    if (!supported) {
      throw new NativeLibraryException(NAME, Reason.UNSUPPORTED_PLATFORM,
          "needs Linux on x86-64, found " + host.osName() + " on " + host.osArch()
              + ". Run on Linux x86-64 (in a virtual machine or container of that architecture, if need be).");
    }
    host.cpuFlags().ifPresent(flags -> {
      if (!flags.contains("avx2")) {
        throw new NativeLibraryException(NAME, Reason.UNSUPPORTED_PROCESSOR,
            "needs a processor with AVX2, and /proc/cpuinfo lists no avx2. Use a processor from 2015 or later; in a virtual"
                + " machine choose a processor model that passes AVX2 through (for example QEMU's -cpu host).");
      }
    });
  }

  private static List<Path> unpack(Host host, List<URL> resources) {
    LibraryCache cache = new LibraryCache(host.cacheFolder().resolve("native"));
    List<Path> files = new ArrayList<>();
    try {
      for (int i = 0; i < resources.size(); i++) {
        files.add(cache.unpack(resources.get(i), FILES.get(i)));
      }
    } catch (IOException e) {
      throw new NativeLibraryException(NAME, Reason.CACHE_UNUSABLE,
          "cannot unpack into " + host.cacheFolder() + ": " + e + ". It takes 95 MB; make room or permission there, or choose"
              + " another folder with -D" + SystemHost.CACHE_PROPERTY + "=DIR or " + SystemHost.CACHE_VARIABLE + "=DIR.", e);
    }
    return List.copyOf(files);
  }

  private static void checkSymbols(Host host, List<Path> files) {
    List<String> missing = OneDnnSymbols.ALL.stream().filter(name -> !host.hasSymbol(name)).toList();
    if (!missing.isEmpty()) {
      throw new NativeLibraryException(NAME, Reason.MISSING_SYMBOL,
          "these functions are missing in " + files + ": " + missing + ". The bindings were made for oneDNN 3.13 with OpenMP; use "
              + DEPENDENCY + " and no other build of it.");
    }
  }

  private static Result checkLoaded(Host host, List<Path> files) {
    Host.Version version = host.oneDnnVersion();
    if (version.major() != 3 || version.minor() < 13) {
      throw new NativeLibraryException(NAME, Reason.WRONG_VERSION,
          "found version " + version + ", need 3.13 or a later 3.x. Use " + DEPENDENCY + " and remove other versions from the class path.");
    }
    int isa = host.oneDnnIsa();
    if ((isa & AVX2) != AVX2) {
      throw new NativeLibraryException(NAME, Reason.UNSUPPORTED_PROCESSOR,
          "the library will not use AVX2 here (instruction set code 0x" + Integer.toHexString(isa) + ", AVX2 is 0x7). Use a processor"
              + " with AVX2, and remove ONEDNN_MAX_CPU_ISA or DNNL_MAX_CPU_ISA from the environment if they limit it.");
    }
    return new Result(files, version, isa);
  }
}
