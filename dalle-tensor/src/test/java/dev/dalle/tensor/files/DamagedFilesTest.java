package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages files in thousands of ways, always the same: each is read, or refused with an exception of ours, at once and in little memory. {@code -Ddalle.test.fuzz=N}
 * does N times as many, from other seeds. It takes seconds; the limit of minutes is for what never ends.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DamagedFilesTest {
  private static final int TIMES = Integer.getInteger("dalle.test.fuzz", 1);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final Path NAME = Path.of("f");

  @TempDir
  private Path folder;

  private int read;
  private int refused;

  /** What reading may allocate: for each byte some tens, as found, and what every reading takes. */
  private static long allowance(byte[] bytes) {
    return 500_000 + 100L * bytes.length;
  }

  private void check(byte[] bytes, String how) throws IOException {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try (Arena arena = Arena.ofConfined()) {
      TensorFile file = TensorFormats.read(new MappedFile(NAME, arena, MemorySegment.ofArray(bytes).asReadOnly()));
      readAll(file);
      read++;
    } catch (TensorFileException e) {
      assertTrue(e.getMessage().startsWith("f: ") && e.getMessage().length() < 30_000, () -> how + ": " + e.getMessage());
      refused++;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(how + ": " + e + "\n" + HexFormat.of().formatHex(bytes, 0, Math.min(20_000, bytes.length)), e);
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated <= allowance(bytes), () -> how + ": " + allocated + " bytes allocated to read " + bytes.length);
  }

  private static void readAll(TensorFile file) throws TensorFileException {
    int left = 10_000;
    for (TensorEntry entry : file.entries()) {
      if (entry.shape().elementCount() <= left) {
        left -= (int) entry.shape().elementCount();
        TorchSamples.elements(entry);
      }
    }
  }

  /** Loads what is loaded once, which is not to be counted. */
  private static void warmUp(List<byte[]> corpus) {
    for (byte[] bytes : corpus) {
      try (Arena arena = Arena.ofConfined()) {
        readAll(TensorFormats.read(new MappedFile(NAME, arena, MemorySegment.ofArray(bytes))));
      } catch (TensorFileException refused) {
        // Some are in the corpus because they are refused.
      }
    }
  }

  private void fuzz(long seed, int cases, List<byte[]> corpus) throws IOException {
    warmUp(corpus);
    for (int time = 0; time < TIMES; time++) {
      long use = seed + 1000L * time;
      Mutator mutator = new Mutator(use, corpus);
      for (int i = 0; i < cases; i++) {
        check(mutator.damaged(corpus.get(i % corpus.size())), "seed " + use + ", case " + i);
      }
    }
    // Damage to values, names and much else cannot be seen; most can.
    assertTrue(read > cases / 50 && refused > cases / 4, read + " read, " + refused + " refused");
  }

  private static List<byte[]> samples() throws IOException {
    List<byte[]> corpus = new ArrayList<>();
    for (Path path : TorchSamples.files()) {
      corpus.add(Files.readAllBytes(path));
    }
    return corpus;
  }

  @Test
  void filesOfTorchSave() throws IOException {
    List<byte[]> corpus = samples();
    try (Scope scope = new ReferenceDevice().newScope()) {
      StateDict.write(folder.resolve("ours.pt"), StateDictTest.tensors(scope));
    }
    corpus.add(Files.readAllBytes(folder.resolve("ours.pt")));
    fuzz(1, 12_000, corpus);
  }

  /** Damage to the pickle alone: the archive around it is sound, so that it is always looked into. */
  @Test
  void picklesInSoundArchives() throws IOException {
    List<Map<String, byte[]>> archives = new ArrayList<>();
    List<byte[]> pickles = new ArrayList<>();
    for (byte[] sample : samples()) {
      Map<String, byte[]> records = records(sample);
      records.keySet().stream().filter(name -> name.endsWith("/data.pkl")).findFirst().ifPresent(name -> {
        pickles.add(records.remove(name));
        archives.add(records);
      });
    }
    warmUp(samples());
    for (int time = 0; time < TIMES; time++) {
      long seed = 2 + 1000L * time;
      Mutator mutator = new Mutator(seed, pickles);
      for (int i = 0; i < 12_000; i++) {
        int which = i % pickles.size();
        Map<String, byte[]> records = archives.get(which);
        TorchArchive archive = new TorchArchive();
        String folder = records.keySet().iterator().next().replaceFirst("/.*", "");
        archive.with(folder + "/data.pkl", mutator.damaged(pickles.get(which)));
        records.forEach(archive::with);
        check(archive.bytes(), "seed " + seed + ", case " + i);
      }
    }
    assertTrue(read > 500 && refused > 6000, read + " read, " + refused + " refused");
  }

  private static Map<String, byte[]> records(byte[] archive) throws IOException {
    Map<String, byte[]> records = new LinkedHashMap<>();
    MappedFile file = new MappedFile(NAME, Arena.ofAuto(), MemorySegment.ofArray(archive));
    if (archive[0] == 'P') {
      ZipRecords zip = new ZipRecords(file);
      for (String name : zip.names()) {
        records.put(name, zip.find(name).orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return records;
  }

  @Test
  void safetensorsFiles() throws IOException {
    List<byte[]> corpus = new ArrayList<>();
    try (Scope scope = new ReferenceDevice().newScope()) {
      Path path = folder.resolve("x.safetensors");
      Safetensors.write(path, StateDictTest.tensors(scope), Map.of("format", "pt", "\u00fc\"", "\\"));
      corpus.add(Files.readAllBytes(path));
      Safetensors.write(path, List.of(), Map.of());
      corpus.add(Files.readAllBytes(path));
      Safetensors.write(path, List.of(new NamedTensor("x", scope.of(new float[] {1, 2}, 1, 2))), Map.of());
      corpus.add(Files.readAllBytes(path));
    }
    fuzz(3, 12_000, corpus);
  }

  /** Archives whose records are packed. */
  @Test
  void packedArchives() throws IOException {
    List<byte[]> corpus = new ArrayList<>();
    for (byte[] sample : samples()) {
      TorchArchive archive = new TorchArchive();
      Map<String, byte[]> records = records(sample);
      records.forEach(archive::packed);
      if (!records.isEmpty()) {
        corpus.add(archive.bytes());
      }
    }
    fuzz(4, 4_000, corpus);
  }

  /** Through the disk: what cannot be read is closed again. */
  @Test
  void damagedFilesAreClosed() throws IOException {
    List<byte[]> corpus = samples();
    Mutator mutator = new Mutator(5, corpus);
    for (int i = 0; i < 200; i++) {
      Path path = Files.write(folder.resolve("file"), mutator.damaged(corpus.get(i % corpus.size())));
      try (TensorFile file = TensorFile.open(path)) {
        readAll(file);
        read++;
      } catch (TensorFileException e) {
        assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
        refused++;
      }
    }
    assertTrue(read > 10 && refused > 50);
  }

  /** Noise after the beginning of each format. */
  @Test
  void noise() throws IOException {
    Random random = new Random(6);
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = new byte[random.nextInt(400)];
      random.nextBytes(bytes);
      byte[] start = switch (i % 4) {
        case 0 -> PickleMachineTest.bytes("PK\3\4");
        case 1 -> PickleMachineTest.bytes(0x80, 2);
        case 2 -> PickleMachineTest.bytes(random.nextInt(256), 0, 0, 0, 0, 0, 0, 0, "{");
        default -> new byte[0];
      };
      System.arraycopy(start, 0, bytes, 0, Math.min(start.length, bytes.length));
      check(bytes, "noise " + i);
    }
    assertTrue(refused == 3_000);
  }
}
