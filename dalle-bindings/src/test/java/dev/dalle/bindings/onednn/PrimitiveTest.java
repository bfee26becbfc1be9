package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.openmp.OpenMpTeam;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class PrimitiveTest extends AbstractOneDnnTest {
  private static final MemoryDesc A = MemoryDesc.of(DataType.F32, 16, 32);
  private static final MemoryDesc B = MemoryDesc.of(DataType.F32, 32, 8);
  private static final MemoryDesc C = MemoryDesc.of(DataType.F32, 16, 8);
  private static final Matmul SPEC = Matmul.of(A, B, C);

  /** A gradient of weights whose implementation needs scratch memory on every instruction set. */
  private ConvolutionBackwardWeights hungry() {
    return new ConvolutionBackwardWeights(MemoryDesc.nhwc(DataType.F32, 4, 16, 16, 48), MemoryDesc.any(DataType.F32, 40, 48, 1, 1),
        MemoryDesc.of(DataType.F32, 40), MemoryDesc.nhwc(DataType.F32, 4, 16, 16, 40), Window.same(1), Attributes.NONE);
  }

  private MemorySegment[] operands(Primitive primitive) {
    return primitive.arguments().stream()
        .map(a -> (a.desc().isPlain() ? random(a.desc()) : Mem.of(arena, a.desc())).segment()).toArray(MemorySegment[]::new);
  }

  @Test
  void scratchMemoryIsAddedByTheWrapper() {
    Primitive primitive = oneDnn.primitive(hungry(), 2);
    assertTrue(primitive.scratchBytes() > 0, primitive::toString);
    List<ArgumentRole> roles = primitive.arguments().stream().map(Argument::role).toList();
    assertEquals(List.of(ArgumentRole.SRC, ArgumentRole.DIFF_DST, ArgumentRole.DIFF_WEIGHTS, ArgumentRole.DIFF_BIAS), roles);
    // The caller has no way to pass or to omit it: the operands are exactly the arguments.
    MemorySegment[] operands = operands(primitive);
    primitive.execute(operands);
    String text = assertThrows(IllegalArgumentException.class,
        () -> primitive.execute(Arrays.copyOf(operands, 3))).getMessage();
    assertTrue(text.startsWith("operands: expected 4: [SRC f32[4, 48, 16, 16]") && text.endsWith(", got 3"), text);
    assertThrows(IllegalArgumentException.class, () -> {
      MemorySegment[] five = Arrays.copyOf(operands, 5);
      five[4] = operands[0];
      primitive.execute(five);
    });
  }

  @Test
  void scratchMemoryGrowsAndServesSmallerOnesAgain() {
    ThreadContext context = oneDnn.context();
    MemorySegment small = context.scratchpad(100);
    assertEquals(4096, small.byteSize());
    assertEquals(0, small.address() % 64);
    MemorySegment large = context.scratchpad(1 << 20);
    assertEquals(1 << 20, large.byteSize());
    assertSame(large, context.scratchpad(5000));
    assertEquals((1 << 20) * 3 / 2, context.scratchpad((1 << 20) + 1).byteSize());
  }

  @Test
  void shortSegmentsAreRefusedBeforeAnythingRuns() {
    Primitive primitive = oneDnn.primitive(SPEC, 1);
    MemorySegment a = arena.allocate(A.byteSize(), 64);
    MemorySegment b = arena.allocate(B.byteSize(), 64);
    MemorySegment c = arena.allocate(C.byteSize(), 64);
    primitive.execute(a, b, c);
    for (int i = 0; i < 3; i++) {
      MemorySegment[] operands = {a, b, c};
      operands[i] = operands[i].asSlice(0, operands[i].byteSize() - 1);
      int index = i;
      String text = assertThrows(IllegalArgumentException.class, () -> primitive.execute(operands)).getMessage();
      assertTrue(text.startsWith("operand " + index + ", " + primitive.arguments().get(index) + ": expected at least "
          + (operands[i].byteSize() + 1) + " bytes, got MemorySegment"), text);
    }
  }

  @Test
  void heapReadOnlyAndClosedMemoryIsRefused() {
    Primitive primitive = oneDnn.primitive(SPEC, 1);
    MemorySegment a = arena.allocate(A.byteSize(), 64);
    MemorySegment b = arena.allocate(B.byteSize(), 64);
    MemorySegment c = arena.allocate(C.byteSize(), 64);
    String heap = assertThrows(IllegalArgumentException.class,
        () -> primitive.execute(a, MemorySegment.ofArray(new float[256]), c)).getMessage();
    assertTrue(heap.startsWith("operand 1, WEIGHTS f32[32, 8]:[8, 1]: expected native memory, got "), heap);
    String readOnly = assertThrows(IllegalArgumentException.class, () -> primitive.execute(a, b, c.asReadOnly())).getMessage();
    assertTrue(readOnly.startsWith("operand 2, DST f32[16, 8]:[8, 1]: expected writable memory, got "), readOnly);
    primitive.execute(a.asReadOnly(), b, c);
    MemorySegment closed;
    try (Arena brief = Arena.ofConfined()) {
      closed = brief.allocate(A.byteSize(), 64);
    }
    assertThrows(IllegalStateException.class, () -> primitive.execute(closed, b, c));
    primitive.execute(a, b, c);
  }

  @Test
  void equalSpecificationsShareAPrimitive() {
    Primitive first = oneDnn.primitive(SPEC, 2);
    assertSame(first, oneDnn.primitive(Matmul.of(MemoryDesc.of(DataType.F32, 16, 32), MemoryDesc.of(DataType.F32, 32, 8),
        MemoryDesc.of(DataType.F32, 16, 8)), 2));
    assertNotSame(first, oneDnn.primitive(SPEC, 1));
    assertNotSame(first, oneDnn.primitive(SPEC.with(Attributes.of(PostOp.scale(2))), 2));
    assertNotSame(first, oneDnn.primitive(SPEC.with(Attributes.NONE.withMath(Attributes.FloatMath.BF16)), 2));
    assertEquals(4, oneDnn.primitives().size());
  }

  @Test
  void aFullCacheDropsTheOldestAndHeldOnesStayUsable() {
    try (OneDnn small = new OneDnn(8)) {
      Primitive held = small.primitive(SPEC, 1);
      for (int n = 1; n <= 20; n++) {
        small.primitive(Matmul.of(MemoryDesc.of(DataType.F32, 1, n), MemoryDesc.of(DataType.F32, n, 1), MemoryDesc.of(DataType.F32, 1, 1)), 1);
        assertTrue(small.primitives().size() <= 8);
      }
      assertFalse(small.primitives().contains(held));
      held.execute(random(A).segment(), random(B).segment(), random(C).segment());
      assertNotSame(held, small.primitive(SPEC, 1));
    }
  }

  @Test
  void reportsWhatOneDnnRefuses() {
    MemoryDesc overlapping = MemoryDesc.strided(DataType.F32, new long[] {4, 4}, new long[] {2, 1});
    OneDnnException e = assertThrows(OneDnnException.class,
        () -> oneDnn.primitive(Matmul.of(overlapping, overlapping, overlapping), 1));
    assertEquals("dnnl_memory_desc_create_with_strides", e.call());
    assertEquals(OneDnnException.Status.INVALID_ARGUMENTS, e.status());
    assertEquals(2, e.number());
    assertEquals("dnnl_memory_desc_create_with_strides returned INVALID_ARGUMENTS (2) for f32[4, 4]:[2, 1]", e.getMessage());
    MemoryDesc narrow = MemoryDesc.of(DataType.BF16, 4, 4);
    MemoryDesc wide = MemoryDesc.of(DataType.F32, 4, 4);
    SoftmaxBackward mixture = new SoftmaxBackward(narrow, wide, wide, 1, false);
    String mixed = assertThrows(OneDnnException.class, () -> oneDnn.primitive(mixture, 1)).getMessage();
    assertTrue(mixed.startsWith("dnnl_softmax_backward_primitive_desc_create returned UNIMPLEMENTED (3) for SoftmaxBackward[dst=bf16[4, 4]"), mixed);
    assertTrue(mixed.endsWith(oneDnn.supports(DataType.BF16) ? " on " + oneDnn.isa() + "; no code for these types and layouts together"
        : "; this processor (AVX2) does not compute BF16, which takes AVX512_CORE: convert to F32"), mixed);
  }

  @Test
  void oneThreadPrimitivesRunInsideATeamEachOnItsOwnScratchMemory() {
    ConvolutionBackwardWeights spec = hungry();
    Primitive primitive = oneDnn.primitive(spec, 1);
    int n = 12;
    MemorySegment[][] operands = new MemorySegment[n][];
    byte[][] wanted = new byte[n][];
    for (int i = 0; i < n; i++) {
      operands[i] = operands(primitive);
      primitive.execute(operands[i]);
      wanted[i] = operands[i][2].toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      operands[i][2].fill((byte) 77);
    }
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      team.parallelTasks(n, (thread, index) -> oneDnn.primitive(spec, 1).execute(operands[index]));
      for (int i = 0; i < n; i++) {
        assertEquals(-1, MemorySegment.ofArray(wanted[i]).mismatch(operands[i][2]));
      }
      String text = assertThrows(IllegalStateException.class,
          () -> team.parallel(i -> oneDnn.primitive(spec, 2).execute(operands[i]))).getMessage();
      assertTrue(text.startsWith("a primitive for 2 threads was asked for inside a parallel region; ask for 1: "), text);
      Primitive two = oneDnn.primitive(spec, 2);
      text = assertThrows(IllegalStateException.class, () -> team.parallel(i -> two.execute(operands[i]))).getMessage();
      assertTrue(text.startsWith("a primitive for 2 threads was executed inside a parallel region; make one for 1 thread: "), text);
    }
  }

  private static void execute(Primitive primitive, Mem[] operands) {
    primitive.execute(Arrays.stream(operands).map(Mem::segment).toArray(MemorySegment[]::new));
  }

  @Test
  void severalThreadsUseTheSamePrimitiveAtOnce() throws Exception {
    int threads = 20;                                  // more than there are spare frames
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Boolean>> done = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Mem[] operands = {random(A), random(B), random(C)};
        execute(oneDnn.primitive(SPEC, 1), operands);
        double[] wanted = operands[2].get();
        Callable<Boolean> work = () -> {
          for (int i = 0; i < 300; i++) {
            operands[2].segment().fill((byte) 0);
            execute(oneDnn.primitive(SPEC, 1 + i % 2), operands);
            double[] got = operands[2].get();
            for (int j = 0; j < got.length; j++) {
              if (Math.abs(got[j] - wanted[j]) > 1e-4) {
                return false;
              }
            }
          }
          return true;
        };
        done.add(pool.submit(work));
      }
      for (Future<Boolean> future : done) {
        assertTrue(future.get());
      }
    }
  }

  @Test
  void closedEngineSaysSo() {
    Primitive primitive = oneDnn.primitive(SPEC, 1);
    MemorySegment a = random(A).segment();
    MemorySegment b = random(B).segment();
    MemorySegment c = random(C).segment();
    primitive.execute(a, b, c);
    oneDnn.close();
    oneDnn.close();
    assertTrue(assertThrows(IllegalStateException.class, () -> primitive.execute(a, b, c)).getMessage()
        .startsWith("primitive used after its OneDnn was closed: Matmul["));
    assertEquals("OneDnn: used after close()", assertThrows(IllegalStateException.class, () -> oneDnn.primitive(SPEC, 1)).getMessage());
  }

  @Test
  void callsLeaveNoGarbageToSpeakOf() {
    Primitive primitive = oneDnn.primitive(SPEC, 1);
    MemorySegment[] operands = {random(A).segment(), random(B).segment(), random(C).segment()};
    for (int i = 0; i < 20_000; i++) {
      oneDnn.primitive(SPEC, 1).execute(operands);
    }
    var bean = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long before = bean.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 1000; i++) {
      oneDnn.primitive(SPEC, 1).execute(operands);
    }
    long perCall = (bean.getCurrentThreadAllocatedBytes() - before) / 1000;
    assertTrue(perCall <= 200, perCall + " bytes a call for look-up and execution");
  }

  @Test
  void supportFollowsTheInstructionSet() {
    assertTrue(oneDnn.supports(DataType.F32));
    assertEquals(oneDnn.isa().includes(CpuIsa.AVX512_CORE), oneDnn.supports(DataType.BF16));
    assertEquals("AVX2".equals(System.getenv("ONEDNN_MAX_CPU_ISA")), oneDnn.isa() == CpuIsa.AVX2 && !oneDnn.supports(DataType.BF16));
    assertTrue(oneDnn.version().startsWith("3."));
    assertFalse(oneDnn.supports(DataType.S32));
  }
}
