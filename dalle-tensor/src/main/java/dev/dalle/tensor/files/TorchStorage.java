package dev.dalle.tensor.files;

import dev.dalle.tensor.files.Pickled.Sequence;
import dev.dalle.tensor.files.Pickled.Symbol;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A row of elements outside the pickle, which tensors are views of.
 *
 * @param key its name there
 * @param type of the elements; of one whose type only its tensors know, U8
 * @param elementCount their number
 */
record TorchStorage(String key, StoredType type, long elementCount) implements Pickled.Made {
  private static final Map<String, StoredType> CLASSES = new HashMap<>();
  private static final Map<String, StoredType> TYPES = new HashMap<>();

  static {
    named(StoredType.F64, "Double", "float64");
    named(StoredType.F32, "Float", "float32");
    named(StoredType.F16, "Half", "float16");
    named(StoredType.BF16, "BFloat16", "bfloat16");
    named(StoredType.I64, "Long", "int64");
    named(StoredType.I32, "Int", "int32");
    named(StoredType.I16, "Short", "int16");
    named(StoredType.I8, "Char", "int8");
    named(StoredType.U8, "Byte", "uint8");
    named(StoredType.BOOL, "Bool", "bool");
    CLASSES.put("UntypedStorage", StoredType.U8);
    TYPES.put("uint16", StoredType.U16);
  }

  private static void named(StoredType type, String storage, String dtype) {
    CLASSES.put(storage + "Storage", type);
    TYPES.put(dtype, type);
  }

  /** The type of elements that PyTorch calls so, such as torch.float32. */
  static StoredType type(Object name) throws TensorFileException {
    return Optional.ofNullable(name instanceof Symbol symbol && symbol.module().equals("torch") ? TYPES.get(symbol.name()) : null)
        .orElseThrow(() -> notRead(name));
  }

  /**
   * What the name of a storage says: the text "storage", the class of the storage, which has the elements' type, its key, the device it was on, its length, and
   * in the older format what it is a part of.
   *
   * @throws TensorFileException if it says something else
   */
  static TorchStorage named(Object id) throws TensorFileException {
    if (!(id instanceof Sequence name && (name.items.size() == 5 || name.items.size() == 6) && name.items.getFirst().equals("storage")
        && name.items.get(1) instanceof Symbol type && name.items.get(2) instanceof String key && name.items.get(4) instanceof Long count)) {
      throw new TensorFileException("expected the name, class, key, device and length of a storage, found " + Pickled.words(id));
    }
    if (count < 0 || count > Long.MAX_VALUE / Long.BYTES) {
      throw new TensorFileException("storage " + key + ": expected a length of at least 0 and below 2^60, found " + count);
    }
    if (name.items.size() == 6 && name.items.get(5) != Pickled.None.NONE) {
      throw new TensorFileException("storage " + key + " is a part of another, as PyTorch before 0.4 wrote them; load the file there and save it once more");
    }
    boolean known = type.module().equals("torch") || type.module().equals("torch.cuda") || type.module().equals("torch.storage");
    return new TorchStorage(key, Optional.ofNullable(known ? CLASSES.get(type.name()) : null).orElseThrow(() -> notRead(type)), count);
  }

  private static TensorFileException notRead(Object type) {
    return new TensorFileException("expected elements of a type that is read here (" + Arrays.toString(StoredType.values()) + "), found "
        + Pickled.words(type) + "; convert the tensors to one of these and save them again");
  }

  @Override
  public String toString() {
    return "storage " + key;
  }
}
