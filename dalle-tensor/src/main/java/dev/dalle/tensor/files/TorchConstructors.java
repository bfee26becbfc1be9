package dev.dalle.tensor.files;

import dev.dalle.tensor.files.Pickled.Bytes;
import dev.dalle.tensor.files.Pickled.Dict;
import dev.dalle.tensor.files.Pickled.Instance;
import dev.dalle.tensor.files.Pickled.None;
import dev.dalle.tensor.files.Pickled.Sequence;
import dev.dalle.tensor.files.Pickled.Symbol;
import java.util.List;
import java.util.Set;

/**
 * The functions that pickles of PyTorch call to make tensors, and the plain containers around them; all others are refused by name. Objects of classes, such as
 * layers, only keep their state. One for each pickle.
 */
final class TorchConstructors implements PickleMachine.Constructors {
  /** Where functions come from that have no business in a file of tensors; none of them would run, but who sends them should be known. */
  private static final Set<String> NO_CLASSES = Set.of("builtins", "__builtin__", "os", "posix", "nt", "sys", "subprocess", "torch._utils");
  private static final String REMEDY = ": not something that a file of tensors needs, and nothing that a file names is run here. If the file is to be trusted, "
      + "load it with PyTorch and save its tensors alone, torch.save(model.state_dict(), path)";

  /** Entries that may still be copied from one container to another. */
  private int copies = PickleMachine.MAX_OPERATIONS;

  @Override
  public Object call(Symbol function, Sequence arguments) throws TensorFileException {
    List<Object> given = arguments.items;
    return switch (function.toString()) {
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> {
        checkPlain(given, 6);
        TorchStorage storage = argument(function, given, 0, TorchStorage.class);
        yield TorchTensor.of(storage, storage.type(), value(given, 1), value(given, 2), value(given, 3));
      }
      case "torch._utils._rebuild_tensor_v3" -> {
        checkPlain(given, 7);
        yield TorchTensor.of(argument(function, given, 0, TorchStorage.class), TorchStorage.type(value(given, 6)), value(given, 1), value(given, 2),
            value(given, 3));
      }
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.nn.parameter.Parameter" ->
          argument(function, given, 0, TorchTensor.class);
      case "torch._tensor._rebuild_from_type_v2" -> {
        Symbol made = argument(function, given, 0, Symbol.class);
        // One step only: a file could name this function within itself for ever.
        if (made.equals(function)) {
          throw new TensorFileException("asks to call " + function + " from within itself" + REMEDY);
        }
        yield call(made, argument(function, given, 2, Sequence.class));
      }
      case "collections.OrderedDict", "collections.defaultdict", "collections.Counter" -> dictionary(given.isEmpty() ? None.NONE : given.getLast());
      case "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset" ->
          given.isEmpty() ? new Sequence(List.of(), false) : argument(function, given, 0, Sequence.class);
      case "torch.Size", "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist",
          "torch.jit._pickle.build_tensorlist" -> argument(function, given, 0, Sequence.class);
      case "torch.jit._pickle.restore_type_tag" -> value(given, 0);
      case "_codecs.encode", "builtins.bytes", "__builtin__.bytes", "builtins.bytearray", "__builtin__.bytearray" -> new Bytes();
      case "copyreg._reconstructor", "copy_reg._reconstructor" ->
          create(argument(function, given, 0, Symbol.class), new Sequence(List.of(), false));
      // Plain values that layers keep among their settings; the last one is what layers had before PyTorch 1.2.
      case "torch.device", "torch.serialization._get_layout", "functools.partial", "builtins.complex", "__builtin__.complex", "builtins.slice",
          "__builtin__.slice", "builtins.range", "__builtin__.xrange", "torch.nn.backends.thnn._get_thnn_function_backend" ->
          new Instance(function, new Sequence(List.of(), false));
      default -> throw new TensorFileException("asks to call " + function + REMEDY);
    };
  }

  @Override
  public Object create(Symbol type, Sequence arguments) throws TensorFileException {
    if (type.toString().equals("collections.OrderedDict")) {
      return new Dict();
    }
    if (NO_CLASSES.contains(type.module())) {
      throw new TensorFileException("asks for an object of " + type + REMEDY);
    }
    return new Instance(type, arguments);
  }

  @Override
  public Object persistent(Object id) throws TensorFileException {
    // The older format names classes of layers in this way, beside the text of their source.
    if (id instanceof Sequence name && name.items.size() == 4 && name.items.getFirst().equals("module") && name.items.get(1) instanceof Symbol type) {
      return type;
    }
    return TorchStorage.named(id);
  }

  /** Refuses tensors whose elements are the negatives or conjugates of those stored. */
  private static void checkPlain(List<Object> given, int metadata) throws TensorFileException {
    if (given.size() > metadata && given.get(metadata) instanceof Dict dict && dict.items.containsValue(Boolean.TRUE)) {
      throw new TensorFileException("expected a tensor that is stored as it is, found one of which other numbers are stored (" + dict.items.keySet().stream()
          .filter(String.class::isInstance).limit(3).toList() + "); save what resolve_neg() and resolve_conj() make of it");
    }
  }

  /** A dictionary of another's entries, or of a list of pairs, as Python 2 wrote ordered ones. */
  private Dict dictionary(Object content) throws TensorFileException {
    Dict dict = new Dict();
    switch (content) {
      case Dict other -> {
        charge(other.items.size());
        dict.items.putAll(other.items);
      }
      case Sequence pairs -> {
        charge(pairs.items.size());
        for (Object item : pairs.items) {
          if (!(item instanceof Sequence pair && pair.items.size() == 2)) {
            throw new TensorFileException("expected pairs of keys and values for a dictionary, found " + Pickled.words(item));
          }
          dict.items.put(pair.items.getFirst(), pair.items.getLast());
        }
      }
      // The function that makes what is missing from a dictionary, or nothing.
      default -> { }
    }
    return dict;
  }

  private void charge(int count) throws TensorFileException {
    if (count > copies) {
      throw new TensorFileException("expected at most " + PickleMachine.MAX_OPERATIONS + " entries to be copied between dictionaries, found more");
    }
    copies -= count;
  }

  private static Object value(List<Object> given, int index) {
    return index < given.size() ? given.get(index) : None.NONE;
  }

  private static <T> T argument(Symbol function, List<Object> given, int index, Class<T> type) throws TensorFileException {
    Object value = value(given, index);
    if (!type.isInstance(value)) {
      throw new TensorFileException(function + ": argument " + (index + 1) + ": expected " + what(type) + ", found " + Pickled.words(value));
    }
    return type.cast(value);
  }

  private static String what(Class<?> type) {
    return type == TorchStorage.class ? "a storage" : type == TorchTensor.class ? "a tensor" : type == Symbol.class ? "a name" : "a tuple or list";
  }
}
