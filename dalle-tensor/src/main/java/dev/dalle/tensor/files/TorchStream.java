package dev.dalle.tensor.files;

import dev.dalle.tensor.files.Pickled.Sequence;
import dev.dalle.tensor.files.Pickled.Symbol;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * The older form of torch.save's files: one pickle after another with a magic number, the version of the form, what machine wrote it, the value, and the keys
 * of its storages, after which each storage follows as its length and its elements, the lowest byte first whatever the machine.
 */
final class TorchStream {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long VERSION = 1001;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TorchStream() {}

  /** The functions of the value's pickle, and which storages it named. */
  private static final class NamedStorages implements PickleMachine.Constructors {
    private final TorchConstructors constructors = new TorchConstructors();
    private final Map<String, TorchStorage> named = new HashMap<>();

    @Override
    public Object call(Symbol function, Sequence arguments) throws TensorFileException {
      return constructors.call(function, arguments);
    }

    @Override
    public Object create(Symbol type, Sequence arguments) throws TensorFileException {
      return constructors.create(type, arguments);
    }

    @Override
    public Object persistent(Object id) throws TensorFileException {
      Object meant = constructors.persistent(id);
      if (meant instanceof TorchStorage storage) {
        TorchStorage before = named.putIfAbsent(storage.key(), storage);
        if (before != null && !before.equals(storage)) {
          throw new TensorFileException("expected storage " + storage.key() + " to have one type and length, found " + before.elementCount() + " of "
              + before.type() + " and " + storage.elementCount() + " of " + storage.type());
        }
      }
      return meant;
    }
  }

  static TorchFile read(MappedFile file) throws TensorFileException {
    String where = file.path().toString();
    PickleInput in = new PickleInput(where, file.bytes());
    Object magic = new PickleMachine(in, new TorchConstructors()).read();
    if (!magic.equals(MAGIC)) {
      throw new TensorFileException(where + ": expected the magic number of torch.save's files, found a pickle of " + Pickled.words(magic)
          + "; a pickle that torch.save did not write has no tensors that can be read here");
    }
    Object version = new PickleMachine(in, new TorchConstructors()).read();
    if (!version.equals(VERSION)) {
      throw new TensorFileException(where + ": expected version " + VERSION + " of torch.save's stream, found " + Pickled.words(version));
    }
    // The machine that wrote it. Nothing depends on it.
    new PickleMachine(in, new TorchConstructors()).read();
    NamedStorages storages = new NamedStorages();
    Object value = new PickleMachine(in, storages).read();
    Map<String, MemorySegment> contents = contents(where, file.bytes(), in, storages.named);
    return TorchFile.of(file, where, value, storage -> {
      MemorySegment content = contents.get(storage.key());
      if (content == null) {
        throw new TensorFileException(where + ": expected storage " + storage.key() + " after the pickles, found none of that key; the file is damaged");
      }
      return content;
    });
  }

  private static Map<String, MemorySegment> contents(String where, MemorySegment bytes, PickleInput in, Map<String, TorchStorage> named)
      throws TensorFileException {
    Object keys = new PickleMachine(in, new TorchConstructors()).read();
    if (!(keys instanceof Sequence sequence)) {
      throw new TensorFileException(where + ": expected a list of the keys of storages, found " + Pickled.words(keys));
    }
    Map<String, MemorySegment> contents = new HashMap<>();
    long at = in.position();
    for (Object key : sequence.items) {
      TorchStorage storage = key instanceof String text ? named.get(text) : null;
      if (storage == null) {
        throw new TensorFileException(where + ": expected keys of storages that tensors are made of, found " + Pickled.words(key));
      }
      long left = bytes.byteSize() - at - Long.BYTES;
      long count = left < 0 ? -1 : bytes.get(LONG, at);
      if (count != storage.elementCount() || count > left / storage.type().byteSize()) {
        throw new TensorFileException(where + ": byte " + at + ": expected the length " + storage.elementCount() + " of storage " + storage.key()
            + " and as many elements of " + storage.type() + ", found " + (left < 0 ? "no length" : "a length of " + count) + " and " + Math.max(0, left)
            + " bytes; the file is cut short or damaged");
      }
      at += Long.BYTES;
      long byteSize = count * storage.type().byteSize();
      if (contents.put(storage.key(), bytes.asSlice(at, byteSize)) != null) {
        throw new TensorFileException(where + ": expected every storage once, found " + storage.key() + " twice");
      }
      at += byteSize;
    }
    return contents;
  }
}
