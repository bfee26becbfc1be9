package dev.dalle.tensor.files;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A file that PyTorch's torch.save wrote: in the form of a zip archive, which is the usual one since version 1.6, or as a stream, which came before. What is read
 * of it are its tensors, be they the values of a dictionary, of dictionaries within others, or parameters and buffers of a whole layer that was pickled; their
 * names are those on the way there, joined by dots, and for layers those of state_dict(). A tensor that is alone in its file is called {@code tensor}. Archives of
 * torch::save, of PyTorch's C++ library, are read as well.
 *
 * <p>A pickle is a program. This one's reader runs nothing: names of classes stay names, and only the functions that make tensors are known, by what they mean.
 * A file that asks for others is refused, and they are named. Whatever the file, opening it takes less than a gigabyte of memory, and a model's file some kilobytes a
 * tensor; the elements are not copied.
 *
 * <p>Refused as well: elements of types other than those of {@link StoredType}, sparse and quantized tensors, archives written on machines that store the
 * highest byte first, and the tar archives that PyTorch wrote first of all.
 */
public final class TorchFile implements TensorFile {
  private final MappedFile file;
  private final Map<String, TensorEntry> entries;

  private TorchFile(MappedFile file, Map<String, TensorEntry> entries) {
    this.file = file;
    this.entries = Collections.unmodifiableMap(entries);
  }

  /**
   * Maps a file and reads what tensors it has.
   *
   * @throws TensorFileException if it is damaged, of another format, or asks for what is not done here
   * @throws IOException if it cannot be read
   */
  public static TorchFile open(Path path) throws IOException {
    return MappedFile.open(path, file -> {
      if (TensorFormats.read(file) instanceof TorchFile opened) {
        return opened;
      }
      throw new TensorFileException(path + ": expected a file of torch.save, found a safetensors file; open it as such");
    });
  }

  /** The bytes of a storage. */
  @FunctionalInterface
  interface Storages {
    MemorySegment find(TorchStorage storage) throws TensorFileException;
  }

  /** Reads the form of a zip archive: a record NAME/data.pkl, and for each storage a record NAME/data/KEY. */
  static TorchFile archive(MappedFile file) throws TensorFileException {
    ZipRecords records = new ZipRecords(file);
    List<String> pickles = records.names().stream().filter(name -> name.endsWith("/data.pkl") && name.indexOf('/') == name.lastIndexOf('/')).toList();
    if (pickles.size() != 1) {
      throw new TensorFileException(file.path() + ": zip archive: expected a record NAME/data.pkl as torch.save writes it, found " + (pickles.isEmpty()
          ? "none among " + records.names().size() + " records" : "the records " + pickles.getFirst() + " and " + pickles.get(1)));
    }
    String pickle = pickles.getFirst();
    String folder = pickle.substring(0, pickle.indexOf('/') + 1);
    checkByteOrder(file.path(), records.find(folder + "byteorder"));
    String where = file.path() + ": " + pickle;
    Object value = new PickleMachine(new PickleInput(where, records.find(pickle).orElseThrow()), new TorchConstructors()).read();
    return of(file, where, value, storage -> records.find(folder + "data/" + storage.key()).orElseThrow(() -> new TensorFileException(
        where + ": expected a record " + folder + "data/" + storage.key() + ", found none of that name; the file is damaged")));
  }

  private static void checkByteOrder(Path path, Optional<MemorySegment> record) throws TensorFileException {
    if (record.isPresent() && record.get().byteSize() < 100) {
      String order = new String(record.get().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      if (!order.equals("little")) {
        throw new TensorFileException(path + ": zip archive: record byteorder: expected little, found " + order
            + "; load and save the file once more on a machine that stores the lowest byte first");
      }
    }
  }

  /** Finds the tensors of a value and the bytes of each. */
  static TorchFile of(MappedFile file, String where, Object value, Storages storages) throws TensorFileException {
    Map<String, MemorySegment> contents = new HashMap<>();
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    for (Map.Entry<String, TorchTensor> named : TorchTree.tensors(where, value).entrySet()) {
      TorchTensor tensor = named.getValue();
      TorchStorage storage = tensor.storage();
      MemorySegment content = contents.get(storage.key());
      if (content == null) {
        content = storages.find(storage);
        contents.put(storage.key(), content);
      }
      long byteSize = storage.elementCount() * storage.type().byteSize();
      if (content.byteSize() != byteSize) {
        throw new TensorFileException(where + ": tensor " + named.getKey() + ": expected " + byteSize + " bytes in its storage " + storage.key() + ", found "
            + content.byteSize() + "; the file is damaged");
      }
      long span = Strides.span(tensor.shape(), tensor.strides());
      MemorySegment data = content.asSlice(tensor.offset() * tensor.type().byteSize(), span * tensor.type().byteSize());
      entries.put(named.getKey(), new TensorEntry(file.path(), named.getKey(), tensor.type(), tensor.shape(), tensor.strides(), data));
    }
    return new TorchFile(file, entries);
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Collection<TensorEntry> entries() {
    return entries.values();
  }

  @Override
  public Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  @Override
  public void close() {
    file.close();
  }
}
