package dev.dalle.bindings.internal.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MpiSearchTest {
  @TempDir
  Path folder;

  @Test
  void thePropertyWinsOverTheVariable() {
    Map<String, String> variable = Map.of("DALLE_MPI_LIBRARY", "v");
    assertEquals(Optional.of("p"), MpiSearch.named(Optional.of("p"), variable));
    assertEquals(Optional.of("v"), MpiSearch.named(Optional.empty(), variable));
    assertEquals(Optional.empty(), MpiSearch.named(Optional.of(" "), Map.of()));
  }

  @Test
  void theLaunchersFamilyComesFirst() {
    assertEquals("libmpi.so.40", MpiSearch.candidates(Map.of("OMPI_COMM_WORLD_SIZE", "2", "PMI_RANK", "0")).getFirst());
    assertEquals("libmpich.so.12", MpiSearch.candidates(Map.of("PMI_RANK", "0")).getFirst());
    assertEquals("libmpi.so.40", MpiSearch.candidates(Map.of()).getFirst());
  }

  @Test
  void theLibraryBesideMpirunIsTriedBeforeTheSystems() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createFile(bin.resolve("orterun"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.createSymbolicLink(elsewhere.resolve("mpirun"), bin.resolve("orterun"));
    Path library = Files.createFile(Files.createDirectories(folder.resolve("lib64")).resolve("libmpi.so.40"));
    assertEquals(library.toRealPath().toString(), MpiSearch.candidates(Map.of("PATH", "/nowhere:" + elsewhere)).getFirst());
  }
}
