package dev.dalle.precision.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Runs of any length: whole vectors by the kernels, what is left by the definition itself. */
final class CodeLoops {
  private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, VectorShape.forBitSize(SHORTS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private CodeLoops() {}

  /** Floats from byte {@code inAt} on to 16-bit codes from byte {@code codesAt} on. */
  static void encode(CodeNumbers n, MemorySegment in, long inAt, MemorySegment codes, long codesAt, int count) {
    int whole = count - count % EncodeKernel.LANES;
    switch (n.encoding()) {
      case ALIGNED_AWAY -> EncodeKernel.alignedAway(n, in, inAt, codes, codesAt, whole);
      case ALIGNED_EVEN -> EncodeKernel.alignedEven(n, in, inAt, codes, codesAt, whole);
      case SUBNORMAL_EVEN -> EncodeKernel.subnormalEven(n, in, inAt, codes, codesAt, whole);
      case ANY -> EncodeKernel.any(n, in, inAt, codes, codesAt, whole);
    }
    for (int i = whole; i < count; i++) {
      codes.set(SHORT, codesAt + 2L * i, (short) n.format().encode(in.get(FLOAT, inAt + 4L * i)));
    }
  }

  /** 16-bit codes from byte {@code codesAt} on to floats from byte {@code outAt} on. */
  static void decode(CodeNumbers n, MemorySegment codes, long codesAt, MemorySegment out, long outAt, int count) {
    int whole = count - count % DecodeKernel.LANES;
    switch (n.decoding()) {
      case ALIGNED -> DecodeKernel.aligned(n, codes, codesAt, out, outAt, whole);
      case SUBNORMAL -> DecodeKernel.subnormal(n, codes, codesAt, out, outAt, whole);
      case ANY -> DecodeKernel.any(n, codes, codesAt, out, outAt, whole);
    }
    for (int i = whole; i < count; i++) {
      out.set(FLOAT, outAt + 4L * i, n.format().decode(codes.get(SHORT, codesAt + 2L * i) & n.codeMask()));
    }
  }

  /** The lower halves of 16-bit codes. */
  static void narrow(MemorySegment in, long inAt, MemorySegment out, long outAt, int count) {
    int i = 0;
    for (; i <= count - SHORTS.length(); i += SHORTS.length()) {
      ((ByteVector) ShortVector.fromMemorySegment(SHORTS, in, inAt + 2L * i, ORDER).convertShape(VectorOperators.S2B, BYTES, 0))
          .intoMemorySegment(out, outAt + i, ORDER);
    }
    for (; i < count; i++) {
      out.set(ValueLayout.JAVA_BYTE, outAt + i, (byte) in.get(SHORT, inAt + 2L * i));
    }
  }

  /** 8-bit codes as 16-bit ones. */
  static void widen(MemorySegment in, long inAt, MemorySegment out, long outAt, int count) {
    int i = 0;
    for (; i <= count - SHORTS.length(); i += SHORTS.length()) {
      ((ShortVector) ByteVector.fromMemorySegment(BYTES, in, inAt + i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_B2S, SHORTS, 0))
          .intoMemorySegment(out, outAt + 2L * i, ORDER);
    }
    for (; i < count; i++) {
      out.set(SHORT, outAt + 2L * i, (short) (in.get(ValueLayout.JAVA_BYTE, inAt + i) & 0xFF));
    }
  }
}
