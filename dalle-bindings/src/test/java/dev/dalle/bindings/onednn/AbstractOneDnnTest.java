package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** An engine and an arena for each test. The build runs these tests twice, the second time limited to AVX2. */
@Tag("native")
abstract class AbstractOneDnnTest {
  final Random random = new Random(20210224);
  OneDnn oneDnn;
  Arena arena;

  @BeforeEach
  void open() {
    oneDnn = new OneDnn();
    arena = Arena.ofShared();
  }

  @AfterEach
  void close() {
    oneDnn.close();
    arena.close();
  }

  Mem random(MemoryDesc desc) {
    return Mem.random(arena, desc, random);
  }

  Mem empty(MemoryDesc desc) {
    return Mem.filled(arena, desc, 77);                // not zero: every element of a result must be written
  }

  /** Runs on one thread and on two and demands fast code. */
  void run(PrimitiveSpec spec, Mem... operands) {
    for (int threads = 2; threads >= 1; threads--) {
      Primitive primitive = oneDnn.primitive(spec, threads);
      primitive.execute(Arrays.stream(operands).map(Mem::segment).toArray(MemorySegment[]::new));
    }
  }

  void assertFast(PrimitiveSpec spec) {
    String implementation = oneDnn.primitive(spec, 2).implementation();
    assertFalse(implementation.startsWith("ref") || implementation.startsWith("gemm") || implementation.startsWith("simple:any"),
        () -> spec + " is computed by " + implementation);
  }

  /** Where the processor does not compute a type, the refusal must be clear; returns whether it computes it. */
  boolean computes(DataType dtype, PrimitiveSpec spec) {
    if (oneDnn.supports(dtype)) {
      return true;
    }
    OneDnnException e = assertThrows(OneDnnException.class, () -> oneDnn.primitive(spec, 1));
    assertEquals(OneDnnException.Status.UNIMPLEMENTED, e.status());
    assertEquals(3, e.number());
    assertTrue(e.getMessage().contains("this processor (" + oneDnn.isa() + ") does not compute " + dtype)
        && e.getMessage().endsWith("convert to F32"), e.getMessage());
    return false;
  }
}
