package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemoryDescTest {
  @Test
  void countsBytesToTheEndOfTheLastElement() {
    assertEquals(4 * 6, MemoryDesc.of(DataType.F32, 2, 3).byteSize());
    assertEquals(2 * (10 + 3), MemoryDesc.strided(DataType.BF16, new long[] {2, 3}, new long[] {10, 1}).byteSize());
    assertEquals(0, MemoryDesc.of(DataType.F32, 2, 0, 3).byteSize());
    assertEquals(0, MemoryDesc.NONE.byteSize());
    assertEquals(4L * 3_000_000_000L, MemoryDesc.of(DataType.F32, 3_000_000_000L).byteSize());
    assertThrows(ArithmeticException.class, () -> MemoryDesc.of(DataType.F32, Long.MAX_VALUE, 2));
  }

  @Test
  void describesImagesInLogicalOrder() {
    MemoryDesc desc = MemoryDesc.nhwc(DataType.F32, 2, 3, 5, 7);
    assertArrayEquals(new long[] {2, 7, 3, 5}, desc.dims());
    assertArrayEquals(new long[] {105, 1, 35, 7}, desc.strides());
    assertEquals(4 * 210, desc.byteSize());
  }

  @Test
  void isAValue() {
    MemoryDesc desc = MemoryDesc.of(DataType.F32, 2, 3);
    assertEquals(desc, MemoryDesc.strided(DataType.F32, new long[] {2, 3}, new long[] {3, 1}));
    assertEquals(desc.hashCode(), MemoryDesc.of(DataType.F32, 2, 3).hashCode());
    assertNotEquals(desc, MemoryDesc.of(DataType.S32, 2, 3));
    assertNotEquals(desc, MemoryDesc.any(DataType.F32, 2, 3));
    assertNotEquals(desc, desc.transposed());
    assertEquals(desc, desc.transposed().transposed());
    desc.dims()[0] = 9;
    assertEquals(2, desc.dim(0));
    assertEquals(3, desc.dim(-1));
    assertEquals("f32[3, 2]:[1, 3]", desc.transposed().toString());
    assertEquals("f32[2, 3]:any", MemoryDesc.any(DataType.F32, 2, 3).toString());
  }

  @Test
  void refusesNonsense() {
    assertEquals("dims: expected no negative number, got [2, -1]",
        assertThrows(IllegalArgumentException.class, () -> MemoryDesc.of(DataType.F32, 2, -1)).getMessage());
    assertEquals("dims: expected 1 to 12 dimensions, got []",
        assertThrows(IllegalArgumentException.class, () -> MemoryDesc.of(DataType.F32)).getMessage());
    assertEquals("strides: expected 2 like dims, got [1]",
        assertThrows(IllegalArgumentException.class, () -> MemoryDesc.strided(DataType.F32, new long[] {2, 3}, new long[] {1})).getMessage());
    assertThrows(IllegalArgumentException.class, () -> MemoryDesc.strided(DataType.F32, new long[] {2}, new long[] {-1}));
    assertThrows(IllegalStateException.class, () -> MemoryDesc.any(DataType.F32, 2, 3).strides());
  }

  @Test
  void knowsInstructionSetsOfLaterVersions() {
    assertEquals(CpuIsa.AVX2, CpuIsa.of(0x7));
    assertEquals(CpuIsa.AVX512_CORE_BF16, CpuIsa.of(0xe7));
    assertEquals(CpuIsa.AVX10_2_AMX_2, CpuIsa.of(0x62fff));
    assertTrue(CpuIsa.AVX512_CORE_AMX.acceleratesBf16());
    assertThrows(IllegalArgumentException.class, () -> CpuIsa.of(0));
  }
}
