package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The pickle of a dictionary of tensors, in protocol 2, with those operations and functions only that every loader of PyTorch accepts. Not an ordered dictionary,
 * which those of layers are in Python: every dictionary has kept its order since Python 3.7, and the C++ library reads no other.
 */
final class StateDictPickle {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  /** Names of functions and classes that were written, and under which number each is remembered. */
  private final Map<String, Integer> remembered = new HashMap<>();

  private StateDictPickle() {}

  /** Each tensor has a storage of its own, called by its place in the list. */
  static byte[] of(List<OutputTensor> tensors) {
    StateDictPickle pickle = new StateDictPickle();
    pickle.put(0x80, 2, '}', '(');
    for (int i = 0; i < tensors.size(); i++) {
      pickle.text(tensors.get(i).name());
      pickle.tensor(Integer.toString(i), tensors.get(i));
    }
    pickle.put('u', '.');
    return pickle.bytes.toByteArray();
  }

  private void tensor(String key, OutputTensor tensor) {
    // No class of storages has unsigned 16-bit integers; their bytes are stored, and their type is said with the tensor.
    boolean untyped = tensor.type() == StoredType.U16;
    name("torch._utils", untyped ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    put('(', '(');
    text("storage");
    name(untyped ? "torch.storage" : "torch", untyped ? "UntypedStorage" : storageClass(tensor.type()));
    text(key);
    text("cpu");
    number(untyped ? tensor.byteSize() : tensor.shape().elementCount());
    put('t', 'Q');
    number(0);
    Shape shape = tensor.shape();
    tuple(shape.toArray());
    tuple(Strides.rowMajor(shape).stream().mapToLong(Long::longValue).toArray());
    // It wants no gradient, and has none of the functions that are called with one.
    put(0x89);
    name("collections", "OrderedDict");
    put(')', 'R');
    if (untyped) {
      name("torch", "uint16");
    }
    put('t', 'R');
  }

  private static String storageClass(StoredType type) {
    return switch (type) {
      case F64 -> "DoubleStorage";
      case F32 -> "FloatStorage";
      case F16 -> "HalfStorage";
      case BF16 -> "BFloat16Storage";
      case I32 -> "IntStorage";
      case I64 -> "LongStorage";
      case I16 -> "ShortStorage";
      case I8 -> "CharStorage";
      case U8 -> "ByteStorage";
      case BOOL -> "BoolStorage";
      case U16 -> throw new AssertionError(type);
    };
  }

  private void name(String module, String name) {
    String line = module + "\n" + name + "\n";
    Integer number = remembered.get(line);
    if (number == null) {
      put('c');
      bytes.writeBytes(line.getBytes(StandardCharsets.US_ASCII));
      put('q', remembered.size());
      remembered.put(line, remembered.size());
    } else {
      put('h', number);
    }
  }

  private void text(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    put('X');
    bytes.writeBytes(little(Integer.BYTES).putInt(encoded.length).array());
    bytes.writeBytes(encoded);
  }

  private void tuple(long... numbers) {
    put('(');
    for (long number : numbers) {
      number(number);
    }
    put('t');
  }

  private void number(long number) {
    if (number == (int) number) {
      put('J');
      bytes.writeBytes(little(Integer.BYTES).putInt((int) number).array());
    } else {
      put(0x8A, Long.BYTES);
      bytes.writeBytes(little(Long.BYTES).putLong(number).array());
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void put(int... operations) {
    for (int operation : operations) {
      bytes.write(operation);
    }
  }
}
