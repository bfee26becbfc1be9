package dev.dalle.bindings.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.bindings.NativeLibraryException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneDnnLoaderTest {
  @TempDir
  Path folder;

  private final FakeHost host = new FakeHost();

  @BeforeEach
  void files() throws IOException {
    host.resources = Files.createDirectories(folder.resolve("jar"));
    Files.write(host.resources.resolve("libgomp.so.1"), new byte[1000]);
    Files.write(host.resources.resolve("libdnnl.so.3"), new byte[5000]);
    host.cacheFolder = folder.resolve("cache");
  }

  private NativeLibraryException refused(Reason reason, String... parts) {
    NativeLibraryException e = assertThrows(NativeLibraryException.class, () -> OneDnnLoader.load(host));
    assertEquals(reason, e.reason(), e::getMessage);
    assertEquals("oneDNN", e.library());
    assertTrue(e.getMessage().startsWith("oneDNN: "), e::getMessage);
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), () -> "\"" + part + "\" in: " + e.getMessage());
    }
    return e;
  }

  @Test
  void loadsInOrderAfterSettingTheEnvironment() {
    OneDnnLoader.Result result = OneDnnLoader.load(host);
    assertEquals(List.of("GOMP_SPINCOUNT=5000", "OMP_DYNAMIC=false", "load libgomp.so.1", "load libdnnl.so.3"), host.log);
    assertEquals("3.13.0", result.version().toString());
    assertEquals(0xe7, result.isa());
    for (Path file : result.files()) {
      assertTrue(file.startsWith(host.cacheFolder.resolve("native")) && Files.isRegularFile(file));
    }
  }

  @Test
  void missingJar() {
    host.hasResource = name -> false;
    refused(Reason.NOT_FOUND, "org/bytedeco/dnnl/linux-x86_64/libgomp.so.1 is not on the class path. Add the Maven dependency"
        + " <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId><version>3.13-1.5.14</version>"
        + "<classifier>linux-x86_64</classifier></dependency>");
    host.hasResource = name -> !name.contains("dnnl.so");
    refused(Reason.NOT_FOUND, "libdnnl.so.3 is not on the class path");
  }

  @Test
  void otherPlatforms() {
    host.osName = "Mac OS X";
    host.osArch = "aarch64";
    refused(Reason.UNSUPPORTED_PLATFORM, "needs Linux on x86-64, found Mac OS X on aarch64. Run on Linux x86-64");
    host.osName = "Linux";
    refused(Reason.UNSUPPORTED_PLATFORM, "found Linux on aarch64");
    host.osName = "Windows 11";
    host.osArch = "amd64";
    refused(Reason.UNSUPPORTED_PLATFORM, "found Windows 11 on amd64");
  }

  @Test
  void oldProcessors() {
    host.cpuFlags = Optional.of(Set.of("sse4_1", "avx"));
    refused(Reason.UNSUPPORTED_PROCESSOR, "needs a processor with AVX2, and /proc/cpuinfo lists no avx2.", "Use a processor from 2015 or later");
    host.cpuFlags = Optional.empty();
    host.isa = 0x3;
    refused(Reason.UNSUPPORTED_PROCESSOR, "the library will not use AVX2 here (instruction set code 0x3, AVX2 is 0x7)", "remove ONEDNN_MAX_CPU_ISA");
  }

  @Test
  void nativeAccessDenied() {
    host.onSetEnvironment = new IllegalCallerException("Illegal native access from module x");
    NativeLibraryException e = refused(Reason.NATIVE_ACCESS_DENIED, "native access is not enabled for this module (Illegal native access from module x).",
        "--enable-native-access=dev.dalle.bindings, or =ALL-UNNAMED");
    assertSame(host.onSetEnvironment, e.getCause());
  }

  @Test
  void loaderRefuses() {
    host.onLoad = new UnsatisfiedLinkError("libgomp.so.1: failed to map segment from shared object");
    refused(Reason.LOAD_FAILED, "the system's loader refused [", "failed to map segment from shared object", "-Ddalle.cache=DIR");
  }

  @Test
  void missingFunctions() {
    host.hasSymbol = name -> !name.contains("layer_normalization_backward") && !name.equals("GOMP_parallel");
    refused(Reason.MISSING_SYMBOL, "[GOMP_parallel, dnnl_layer_normalization_backward_primitive_desc_create]", "oneDNN 3.13 with OpenMP");
  }

  @Test
  void otherVersions() {
    for (Host.Version version : List.of(new Host.Version(3, 5, 1), new Host.Version(2, 13, 0), new Host.Version(4, 0, 0))) {
      host.version = version;
      refused(Reason.WRONG_VERSION, "found version " + version + ", need 3.13 or a later 3.x.");
    }
    host.version = new Host.Version(3, 14, 2);
    assertEquals("3.14.2", OneDnnLoader.load(host).version().toString());
  }

  @Test
  void unusableCache() throws IOException {
    host.cacheFolder = Files.createFile(folder.resolve("file"));
    refused(Reason.CACHE_UNUSABLE, "cannot unpack into " + host.cacheFolder + ": ", "-Ddalle.cache=DIR or DALLE_CACHE=DIR");
  }

  @Test
  void reportsWithoutThrowingAndFailsAgainEachTime() {
    LibraryReport.Loaded good = assertInstanceOf(LibraryReport.Loaded.class, OneDnnLibrary.report(OneDnnLibrary.attempt(host)));
    assertEquals("3.13.0", good.version());
    assertEquals("AVX512_CORE_BF16", good.facts().get("instruction set"));
    assertEquals("native", good.facts().get("bf16"));
    host.hasResource = name -> false;
    LibraryReport.Unusable bad = assertInstanceOf(LibraryReport.Unusable.class, OneDnnLibrary.report(OneDnnLibrary.attempt(host)));
    assertEquals(Reason.NOT_FOUND, bad.reason());
    NativeLibraryException first = refused(Reason.NOT_FOUND);
    NativeLibraryException again = first.again();
    assertNotSame(first, again);
    assertEquals(first.getMessage(), again.getMessage());
    assertSame(first, again.getCause());
    assertEquals(bad.message(), again.getMessage());
  }
}
