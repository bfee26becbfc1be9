package dev.dalle.tensor.files;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages files: the same seed does the same damage. */
final class Mutator {
  private static final byte[] PICKLE = PickleMachineTest.bytes("()0123Nabcdehijloqrstu]}QRFGIJKLMSTUVXBC.", 0x80, 0x81, 0x82, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C,
      0x8D, 0x8E, 0x8F, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98);
  private static final long[] NUMBERS = {0, 1, -1, 2, 7, 127, 128, 255, 256, 65535, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32, (1L << 32) - 1, Long.MAX_VALUE,
      Long.MIN_VALUE, 1L << 62, 1L << 40, 100_000_000, 1_000_000};
  private static final int MOST_BYTES = 200_000;

  private final Random random;
  private final List<byte[]> corpus;

  Mutator(long seed, List<byte[]> corpus) {
    this.random = new Random(seed);
    this.corpus = corpus;
  }

  /** One to four changes, one mostly. */
  byte[] damaged(byte[] good) {
    byte[] bytes = good.clone();
    int changes = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
    for (int i = 0; i < changes; i++) {
      bytes = changed(bytes);
    }
    return bytes;
  }

  private byte[] changed(byte[] bytes) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(bytes.length);
    return switch (random.nextInt(10)) {
      case 0 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 1 -> {
        bytes[at] = (byte) random.nextInt(256);
        yield bytes;
      }
      case 2 -> Arrays.copyOf(bytes, at);
      case 3 -> number(bytes, at, 1 << random.nextInt(4));
      case 4 -> joined(bytes, at, at + Math.min(random.nextInt(20), bytes.length - at), new byte[0]);
      case 5 -> joined(bytes, at, at, operations());
      case 6 -> joined(bytes, at, at + 1, operations());
      case 7 -> {
        byte[] other = corpus.get(random.nextInt(corpus.size()));
        int from = random.nextInt(other.length);
        int to = from + random.nextInt(Math.min(300, other.length - from));
        yield joined(bytes, at, random.nextBoolean() ? at : Math.min(bytes.length, at + to - from), Arrays.copyOfRange(other, from, to));
      }
      case 8 -> repeated(bytes, at);
      default -> {
        // Two pieces of the file change places.
        int length = Math.min(1 + random.nextInt(8), bytes.length);
        int a = random.nextInt(bytes.length - length + 1);
        int b = random.nextInt(bytes.length - length + 1);
        byte[] piece = Arrays.copyOfRange(bytes, a, a + length);
        System.arraycopy(bytes, b, bytes, a, length);
        System.arraycopy(piece, 0, bytes, b, length);
        yield bytes;
      }
    };
  }

  private byte[] number(byte[] bytes, int at, int size) {
    long number = random.nextInt(4) == 0 ? bytes.length + random.nextInt(5) - 2 : NUMBERS[random.nextInt(NUMBERS.length)];
    for (int i = 0; i < size && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (number >> 8 * i);
    }
    return bytes;
  }

  private byte[] operations() {
    byte[] operations = new byte[1 + random.nextInt(6)];
    for (int i = 0; i < operations.length; i++) {
      operations[i] = random.nextInt(4) == 0 ? (byte) random.nextInt(16) : PICKLE[random.nextInt(PICKLE.length)];
    }
    return operations;
  }

  private byte[] repeated(byte[] bytes, int at) {
    int length = 1 + random.nextInt(Math.min(100, bytes.length - at));
    int times = 1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 20);
    byte[] piece = Arrays.copyOfRange(bytes, at, at + length);
    byte[] pieces = new byte[Math.min(MOST_BYTES, length * times)];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = piece[i % length];
    }
    return joined(bytes, at, at, pieces);
  }

  private static byte[] joined(byte[] bytes, int from, int to, byte[] between) {
    byte[] joined = new byte[from + between.length + bytes.length - to];
    System.arraycopy(bytes, 0, joined, 0, from);
    System.arraycopy(between, 0, joined, from, between.length);
    System.arraycopy(bytes, to, joined, from + between.length, bytes.length - to);
    return joined;
  }
}
