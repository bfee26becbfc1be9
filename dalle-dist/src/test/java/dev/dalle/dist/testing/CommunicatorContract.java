package dev.dalle.dist.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.Collective;
import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Pending;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.threads.ThreadWorld.Body;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.testing.Bits;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link Communicator} keeps. An implementation says how a body is run on all ranks of a world. */
public abstract class CommunicatorContract {
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final int[] COUNTS = {0, 1, 2, 3, 7, 64, 1000, 4099, 20_001};

  /** Runs a body on every rank of a world, and throws what the first rank that failed threw. */
  protected abstract void run(int size, Duration deadline, Body body) throws Exception;

  private void run(int size, Body body) throws Exception {
    run(size, PATIENT, body);
  }

  // What ranks have, as bytes

  private static byte[] content(DType dtype, int count, int rank) {
    Random random = new Random(31L * rank + count);
    byte[] bytes = new byte[count * dtype.byteSize()];
    MemorySegment memory = MemorySegment.ofArray(bytes);
    for (int i = 0; i < count; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(12) - 6));
      switch (dtype) {
        case F32 -> memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, value);
        case F16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(value));
        case BF16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) FloatFormat.BF16.encode(value));
        case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, random.nextInt());
        case I64 -> memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, random.nextLong());
        case U8 -> bytes[i] = (byte) random.nextInt();
        case U16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) random.nextInt());
      }
    }
    return bytes;
  }

  private static Tensor tensor(Communicator communicator, Scope scope, DType dtype, byte[] bytes) {
    Tensor tensor = scope.allocate(dtype, bytes.length / dtype.byteSize());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, bytes.length), 8).asSlice(0, bytes.length);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      communicator.device().upload(memory, tensor);
    }
    return tensor;
  }

  private static Tensor own(Communicator communicator, Scope scope, DType dtype, int count) {
    return tensor(communicator, scope, dtype, content(dtype, count, communicator.rank()));
  }

  private static byte[] joined(DType dtype, int count, int size) {
    byte[] all = new byte[count * dtype.byteSize() * size];
    for (int rank = 0; rank < size; rank++) {
      System.arraycopy(content(dtype, count, rank), 0, all, rank * count * dtype.byteSize(), count * dtype.byteSize());
    }
    return all;
  }

  /** The definition: element by element, ranks in order. */
  private static byte[] reduced(DType dtype, Optional<FloatFormat> format, Reduction reduction, byte[][] ranks) {
    byte[] out = new byte[ranks[0].length];
    MemorySegment memory = MemorySegment.ofArray(out);
    int count = out.length / dtype.byteSize();
    for (int i = 0; i < count; i++) {
      if (dtype.isFloating() || format.isPresent()) {
        float sum = floating(dtype, format, ranks[0], i);
        for (int rank = 1; rank < ranks.length; rank++) {
          float next = floating(dtype, format, ranks[rank], i);
          sum = reduction == Reduction.MAXIMUM ? Math.max(sum, next) : sum + next;
        }
        sum = reduction == Reduction.AVERAGE ? sum / ranks.length : sum;
        if (format.isPresent()) {
          memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) format.get().encode(sum));
        } else if (dtype == DType.F32) {
          memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, sum);
        } else {
          memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i,
              dtype == DType.F16 ? Float.floatToFloat16(sum) : (short) FloatFormat.BF16.encode(sum));
        }
      } else {
        long sum = integer(dtype, ranks[0], i);
        for (int rank = 1; rank < ranks.length; rank++) {
          long next = integer(dtype, ranks[rank], i);
          sum = reduction == Reduction.MAXIMUM ? Math.max(sum, next) : sum + next;
        }
        switch (dtype) {
          case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, (int) sum);
          case I64 -> memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, sum);
          case U8 -> out[i] = (byte) sum;
          default -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) sum);
        }
      }
    }
    return out;
  }

  private static float floating(DType dtype, Optional<FloatFormat> format, byte[] bytes, int i) {
    MemorySegment memory = MemorySegment.ofArray(bytes);
    if (dtype == DType.F32) {
      return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
    }
    short half = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
    return format.isPresent() ? format.get().decode(half & 0xFFFF) : dtype == DType.F16 ? Float.float16ToFloat(half) : Float.intBitsToFloat(half << 16);
  }

  private static long integer(DType dtype, byte[] bytes, int i) {
    MemorySegment memory = MemorySegment.ofArray(bytes);
    return switch (dtype) {
      case I32 -> memory.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
      case I64 -> memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
      case U8 -> bytes[i] & 0xFF;
      default -> memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) & 0xFFFF;
    };
  }

  private static byte[][] contents(DType dtype, int count, int size) {
    byte[][] all = new byte[size][];
    Arrays.setAll(all, rank -> content(dtype, count, rank));
    return all;
  }

  // Operations

  @ParameterizedTest
  @EnumSource(DType.class)
  void allReduce(DType dtype) throws Exception {
    for (int size = 1; size <= 4; size++) {
      int ranks = size;
      run(size, communicator -> {
        for (Reduction reduction : Reduction.values()) {
          if (!reduction.reduces(dtype)) {
            continue;
          }
          for (int count : COUNTS) {
            try (Scope scope = communicator.device().newScope()) {
              Tensor tensor = own(communicator, scope, dtype, count);
              communicator.allReduce(tensor, reduction).await();
              assertArrayEquals(reduced(dtype, Optional.empty(), reduction, contents(dtype, count, ranks)), Bits.of(tensor),
                  () -> reduction + " of " + count + " over " + ranks);
            }
          }
        }
      });
    }
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = {"SUM", "AVERAGE"})
  void allReduceOfCodes(Reduction reduction) throws Exception {
    for (int size = 1; size <= 4; size++) {
      int ranks = size;
      run(size, communicator -> {
        for (int count : COUNTS) {
          try (Scope scope = communicator.device().newScope()) {
            Tensor codes = own(communicator, scope, DType.U16, count);
            communicator.allReduceCodes(codes, FloatFormat.F1_6_9, reduction).await();
            assertArrayEquals(reduced(DType.U16, Optional.of(FloatFormat.F1_6_9), reduction, contents(DType.U16, count, ranks)), Bits.of(codes));
          }
        }
      });
    }
  }

  /** Beyond the greatest number is the greatest number, with its sign. */
  @Test
  void codesSaturate() throws Exception {
    run(3, communicator -> {
      try (Scope scope = communicator.device().newScope()) {
        int greatest = FloatFormat.F1_6_9.encode(FloatFormat.F1_6_9.max());
        int least = FloatFormat.F1_6_9.encode(-FloatFormat.F1_6_9.max());
        Tensor codes = scope.allocate(DType.U16, 2);
        codes.write(new int[] {greatest, least});
        communicator.allReduceCodes(codes, FloatFormat.F1_6_9, Reduction.SUM).await();
        assertArrayEquals(new int[] {greatest, least}, codes.toInts());
      }
    });
  }

  @Test
  void whatIsNotFiniteFollowsTheStandard() throws Exception {
    run(2, communicator -> {
      float inf = Float.POSITIVE_INFINITY;
      try (Scope scope = communicator.device().newScope()) {
        Tensor sum = scope.of(communicator.rank() == 0 ? new float[] {inf, inf, Float.NaN, 3e38f, -0f} : new float[] {1, -inf, 1, 3e38f, -0f}, 5);
        communicator.allReduce(sum, Reduction.SUM).await();
        assertArrayEquals(new float[] {inf, Float.NaN, Float.NaN, inf, -0f}, sum.toFloats());
        Tensor greatest = scope.of(communicator.rank() == 0 ? new float[] {inf, -1, Float.NaN, 2} : new float[] {1, -inf, 1, Float.NaN}, 4);
        communicator.allReduce(greatest, Reduction.MAXIMUM).await();
        assertArrayEquals(new float[] {inf, -1, Float.NaN, Float.NaN}, greatest.toFloats());
      }
    });
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void gatherScatterAndBroadcast(DType dtype) throws Exception {
    for (int size = 1; size <= 4; size++) {
      int ranks = size;
      run(size, communicator -> {
        int rank = communicator.rank();
        for (int count : COUNTS) {
          try (Scope scope = communicator.device().newScope()) {
            Tensor in = own(communicator, scope, dtype, count);
            Tensor all = scope.allocate(dtype, (long) count * ranks);
            communicator.allGather(in, all).await();
            assertArrayEquals(joined(dtype, count, ranks), Bits.of(all));

            Tensor inPlace = scope.zeros(dtype, all.shape());
            Tensor part = inPlace.slice((long) rank * count, (long) (rank + 1) * count);
            communicator.device().ops().copy(in, part);
            communicator.allGather(part, inPlace).await();
            assertArrayEquals(joined(dtype, count, ranks), Bits.of(inPlace));

            for (int root = 0; root < ranks; root++) {
              Tensor told = own(communicator, scope, dtype, count);
              communicator.broadcast(told, root).await();
              assertArrayEquals(content(dtype, count, root), Bits.of(told));
            }

            for (Reduction reduction : Reduction.values()) {
              if (reduction.reduces(dtype)) {
                byte[] whole = reduced(dtype, Optional.empty(), reduction, contents(dtype, count * ranks, ranks));
                int bytes = count * dtype.byteSize();
                byte[] expected = Arrays.copyOfRange(whole, rank * bytes, (rank + 1) * bytes);
                Tensor out = scope.allocate(dtype, count);
                communicator.reduceScatter(own(communicator, scope, dtype, count * ranks), out, reduction).await();
                assertArrayEquals(expected, Bits.of(out));
                Tensor same = own(communicator, scope, dtype, count * ranks);
                Tensor slice = same.slice((long) rank * count, (long) (rank + 1) * count);
                communicator.reduceScatter(same, slice, reduction).await();
                assertArrayEquals(expected, Bits.of(slice));
              }
            }
          }
        }
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void transfersKeepTheirOrder(int size) throws Exception {
    run(size, communicator -> {
      int next = (communicator.rank() + 1) % size;
      int before = (communicator.rank() + size - 1) % size;
      try (Scope scope = communicator.device().newScope()) {
        List<Pending> pending = new ArrayList<>();
        List<Tensor> received = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          pending.add(communicator.send(scope.of(new float[] {communicator.rank(), i}, 2), next));
          received.add(scope.zeros(DType.F32, Shape.of(2)));
          pending.add(communicator.receive(received.getLast(), before));
        }
        pending.reversed().forEach(Pending::await);
        for (int i = 0; i < 5; i++) {
          assertArrayEquals(new float[] {before, i}, received.get(i).toFloats());
        }
      }
    });
  }

  @Test
  void groupsAreDoneTogetherAndInOrder() throws Exception {
    run(4, communicator -> {
      try (Scope scope = communicator.device().newScope()) {
        int rank = communicator.rank();
        Tensor sum = scope.of(new float[] {rank, 1}, 2);
        Tensor codes = scope.allocate(DType.U16, 1);
        codes.write(new int[] {FloatFormat.F1_6_9.encode(0.5)});
        Tensor all = scope.allocate(DType.I32, 4);
        Tensor got = scope.zeros(DType.F32, Shape.of(1));
        Tensor mine = scope.of(new float[] {rank}, 1);
        Pending first = communicator.post(List.of(new Collective.AllReduce(sum, Reduction.SUM),
            new Collective.AllReduceCodes(codes, FloatFormat.F1_6_9, Reduction.SUM), new Collective.AllGather(scope.of(new int[] {rank}, 1), all),
            new Collective.Send(mine, rank ^ 1), new Collective.Receive(got, rank ^ 1), new Collective.Barrier()));
        first.await();
        first.await();
        assertTrue(first.isDone());
        assertArrayEquals(new float[] {6, 4}, sum.toFloats());
        assertArrayEquals(new int[] {FloatFormat.F1_6_9.encode(2)}, codes.toInts());
        assertArrayEquals(new int[] {0, 1, 2, 3}, all.toInts());
        assertArrayEquals(new float[] {rank ^ 1}, got.toFloats());

        Pending[] many = new Pending[20];
        Tensor[] tensors = new Tensor[many.length];
        for (int i = 0; i < many.length; i++) {
          tensors[i] = scope.of(new float[] {rank * i}, 1);
          many[i] = communicator.allReduce(tensors[i], Reduction.SUM);
        }
        for (int i = many.length - 1; i >= 0; i--) {
          many[i].await();
          assertEquals(6 * i, tensors[i].toFloat());
        }
      }
    });
  }

  @Test
  void splitsAreNumberedByKeyAndRank() throws Exception {
    run(4, communicator -> {
      int rank = communicator.rank();
      Communicator machine = communicator.split(rank / 2, 0).orElseThrow();
      Communicator peers = communicator.split(rank % 2, -rank).orElseThrow();
      assertEquals(2, machine.size());
      assertEquals(rank % 2, machine.rank());
      assertEquals(1 - rank / 2, peers.rank());
      assertSame(communicator.device(), machine.device());
      Optional<Communicator> some = communicator.split(rank == 3 ? -1 : 5, 0);
      assertEquals(rank != 3, some.isPresent());
      try (Scope scope = communicator.device().newScope()) {
        Tensor ofMachine = scope.of(new float[] {rank}, 1);
        Tensor ofPeers = scope.of(new float[] {rank}, 1);
        Pending one = machine.allReduce(ofMachine, Reduction.SUM);
        Pending other = peers.allReduce(ofPeers, Reduction.SUM);
        other.await();
        one.await();
        assertEquals(rank < 2 ? 1 : 5, ofMachine.toFloat());
        assertEquals(rank % 2 == 0 ? 2 : 4, ofPeers.toFloat());
        if (some.isPresent()) {
          Tensor ofSome = scope.of(new float[] {1}, 1);
          some.get().allReduce(ofSome, Reduction.SUM).await();
          assertEquals(3, ofSome.toFloat());
        }
        Communicator alone = machine.split(machine.rank(), 0).orElseThrow();
        assertEquals(1, alone.size());
        Tensor same = scope.of(new float[] {7}, 1);
        alone.allReduce(same, Reduction.AVERAGE).await();
        assertEquals(7, same.toFloat());
      }
    });
  }

  @Test
  void misuseIsRefusedBeforeAnythingIsPosted() throws Exception {
    run(2, communicator -> {
      try (Scope scope = communicator.device().newScope()) {
        Tensor floats = scope.of(new float[3], 3);
        Tensor ints = scope.of(new int[3], 3);
        assertThrows(IllegalArgumentException.class, () -> communicator.post(List.of()));
        assertThrows(ShapeException.class, () -> communicator.allReduce(ints, Reduction.AVERAGE));
        assertThrows(ShapeException.class, () -> communicator.allGather(floats, ints));
        assertThrows(ShapeException.class, () -> communicator.reduceScatter(floats, floats, Reduction.SUM));
        assertThrows(ShapeException.class, () -> communicator.allReduceCodes(floats, FloatFormat.F1_6_9, Reduction.SUM));
        assertThrows(IllegalArgumentException.class, () -> communicator.broadcast(floats, 2));
        assertThrows(IllegalArgumentException.class, () -> communicator.send(floats, communicator.rank()));
        communicator.barrier().await();
      }
    });
  }

  // Failures

  private static Stream<Fault> faults() {
    return Stream.of(Fault.values());
  }

  /** Ways for a rank to let the others down. */
  public enum Fault {
    /** Throws. */
    FAILS,
    /** Closes its communicator and returns. */
    CLOSES,
    /** Tells the others. */
    ABORTS,
    /** Comes too late. */
    IS_LATE,
    /** Posts another operation. */
    DIFFERS,
    /** Posts another size. */
    HAS_ANOTHER_SIZE,
    /** Posts another type. */
    HAS_ANOTHER_TYPE,
    /** Posts another reduction. */
    HAS_ANOTHER_REDUCTION;

    /** Whether the rank at fault does something, but not what the others do. */
    public boolean differs() {
      return switch (this) {
        case FAILS, CLOSES, ABORTS, IS_LATE -> false;
        case DIFFERS, HAS_ANOTHER_SIZE, HAS_ANOTHER_TYPE, HAS_ANOTHER_REDUCTION -> true;
      };
    }

    /** The fault, in the place of an all-reduce of three floats. */
    public void commit(Communicator communicator, Scope scope) throws InterruptedException {
      switch (this) {
        case FAILS -> throw new IllegalStateException("the fault");
        case CLOSES -> communicator.close();
        case ABORTS -> communicator.abort("aborted: the fault");
        case IS_LATE -> {
          Thread.sleep(communicator.deadline().multipliedBy(3));
          communicator.allReduce(scope.of(new float[3], 3), Reduction.SUM).await();
        }
        case DIFFERS -> communicator.barrier().await();
        case HAS_ANOTHER_SIZE -> communicator.allReduce(scope.of(new float[4], 4), Reduction.SUM).await();
        case HAS_ANOTHER_TYPE -> communicator.allReduce(scope.of(new int[3], 3), Reduction.SUM).await();
        case HAS_ANOTHER_REDUCTION -> communicator.allReduce(scope.of(new float[3], 3), Reduction.MAXIMUM).await();
      }
    }
  }

  /** Every rank but the one at fault gets one exception that names it, the operation and its number, and none hangs. */
  @ParameterizedTest
  @MethodSource("faults")
  void everyRankLearnsWhoIsAtFault(Fault fault) throws Exception {
    ConcurrentHashMap<Integer, CommunicationException> seen = new ConcurrentHashMap<>();
    try {
      run(4, Duration.ofMillis(fault == Fault.IS_LATE ? 300 : 20_000), communicator -> {
        try (Scope scope = communicator.device().newScope()) {
          communicator.barrier().await();
          if (communicator.rank() == 2) {
            fault.commit(communicator, scope);
            return;
          }
          CommunicationException e = assertThrows(CommunicationException.class,
              () -> communicator.allReduce(scope.of(new float[3], 3), Reduction.SUM).await());
          seen.put(communicator.rank(), e);
          assertThrows(CommunicationException.class, () -> communicator.barrier().await());
        }
      });
      assertTrue(fault == Fault.CLOSES || fault == Fault.ABORTS, "expected the rank at fault to fail, too");
    } catch (IllegalStateException | CommunicationException e) {
      assertFalse(fault == Fault.CLOSES || fault == Fault.ABORTS, e.toString());
    }
    assertEquals(3, seen.size());
    seen.forEach((rank, e) -> {
      assertEquals(OptionalInt.of(2), e.culprit(), e.getMessage());
      assertEquals(rank, e.rank());
      assertEquals(2, e.sequence());
      assertTrue(e.getMessage().startsWith("world, rank " + rank + ": all-reduce of F32[3] (number 2): rank 2 "), e.getMessage());
      assertEquals(fault.differs(), e.getMessage().endsWith(" where rank 0 posted all-reduce of 3 F32 SUM"), e.getMessage());
    });
  }

  @Test
  void failuresReachSplitsAndWhoeverComesLater() throws Exception {
    ConcurrentHashMap<Integer, String> seen = new ConcurrentHashMap<>();
    run(3, communicator -> {
      Communicator part = communicator.split(communicator.rank() == 0 ? 0 : 1, 0).orElseThrow();
      if (communicator.rank() == 0) {
        communicator.abort("aborted: no disk");
        seen.put(0, assertThrows(CommunicationException.class, () -> part.barrier().await()).getMessage());
      } else {
        CommunicationException e = assertThrows(CommunicationException.class, () -> {
          // Those two alone could go on for a while.
          while (true) {
            part.barrier().await();
          }
        });
        seen.put(communicator.rank(), e.getMessage());
      }
    });
    assertTrue(seen.get(0).contains("this rank aborted: no disk"), seen.get(0));
    assertTrue(seen.get(1).contains("rank 0 of world aborted: no disk"), seen.get(1));
    assertTrue(seen.get(2).contains("rank 0 of world aborted: no disk"), seen.get(2));
  }
}
