package dev.dalle.tensor.files;

import dev.dalle.tensor.files.Pickled.Dict;
import dev.dalle.tensor.files.Pickled.Instance;
import dev.dalle.tensor.files.Pickled.Sequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives the tensors of what a pickle describes names: keys of dictionaries and places in lists on the way to them, joined by dots. Layers, which are objects
 * with {@code _parameters}, {@code _buffers} and {@code _modules}, name theirs as PyTorch's state_dict() does, and nothing else of them counts; other objects name
 * what is in their state.
 */
final class TorchTree {
  /** Most tensors, values looked at, characters of all names, and values inside one another: what is shared or circular may not multiply. */
  static final int MAX_TENSORS = 100_000;
  private static final int MAX_VISITS = PickleMachine.MAX_OPERATIONS;
  private static final int MAX_NAMES = 20_000_000;
  private static final int MAX_PIECE = 20_000;
  static final int MAX_DEPTH = 100;
  /** The name of a tensor that is all that there is. */
  static final String ALONE = "tensor";

  private final String where;
  private final Map<String, TorchTensor> found = new LinkedHashMap<>();
  private final List<Object> path = new ArrayList<>();
  private final StringBuilder name = new StringBuilder();
  /** A key on the way that cannot be part of a name, or null. */
  private Object nameless;
  private int visits;
  private int characters;

  private TorchTree(String where) {
    this.where = where;
  }

  /**
   * The tensors by name, in their order.
   *
   * @param where file and record, for messages
   * @throws TensorFileException if values contain themselves, or two tensors have the same name, or there is more than the limits of this class
   */
  static Map<String, TorchTensor> tensors(String where, Object value) throws TensorFileException {
    TorchTree tree = new TorchTree(where);
    tree.visit(value);
    return tree.found;
  }

  private TensorFileException wrong(String message) {
    String place = name.length() > 200 ? name.substring(0, 200) + "..." : name.toString();
    return new TensorFileException(where + ": " + (place.isEmpty() ? "" : place + ": ") + message);
  }

  private void visit(Object value) throws TensorFileException {
    charge(1);
    if (value instanceof TorchTensor tensor) {
      add(tensor);
      return;
    }
    if (!(value instanceof Dict || value instanceof Sequence || value instanceof Instance)) {
      return;
    }
    for (Object above : path) {
      if (above == value) {
        throw wrong("expected values that do not contain themselves, found " + Pickled.words(value) + " within itself");
      }
    }
    if (path.size() == MAX_DEPTH) {
      throw wrong("expected values at most " + MAX_DEPTH + " inside one another, found more");
    }
    path.add(value);
    switch (value) {
      case Dict dict -> visitEntries(dict.items, Set.of());
      case Sequence sequence -> visitItems(sequence.items);
      case Instance instance -> visitInstance(instance);
      default -> throw new AssertionError(value);
    }
    path.removeLast();
  }

  private void charge(int count) throws TensorFileException {
    if (count > MAX_VISITS - visits) {
      throw wrong("expected at most " + MAX_VISITS + " values, found more: containers are shared so that they multiply");
    }
    visits += count;
  }

  private void add(TorchTensor tensor) throws TensorFileException {
    if (nameless != null) {
      throw wrong("expected texts and whole numbers as keys on the way to a tensor, found " + Pickled.words(nameless));
    }
    String full = name.isEmpty() ? ALONE : name.toString();
    characters += full.length();
    if (found.size() == MAX_TENSORS || characters > MAX_NAMES) {
      throw wrong("expected at most " + MAX_TENSORS + " tensors, whose names have at most " + MAX_NAMES + " characters, found more");
    }
    if (found.put(full, tensor) != null) {
      throw wrong("expected every name once, found it for two tensors");
    }
  }

  private void visit(String piece, Object value) throws TensorFileException {
    if (piece.length() > MAX_PIECE) {
      throw wrong("expected names of at most " + MAX_PIECE + " characters, found one of " + piece.length());
    }
    int length = name.length();
    name.append(length == 0 ? "" : ".").append(piece);
    visit(value);
    name.setLength(length);
  }

  private void visitItems(List<Object> items) throws TensorFileException {
    for (int i = 0; i < items.size(); i++) {
      visit(Integer.toString(i), items.get(i));
    }
  }

  private void visitEntries(Map<Object, Object> entries, Set<Object> without) throws TensorFileException {
    for (Map.Entry<Object, Object> entry : entries.entrySet()) {
      if (without.contains(entry.getKey())) {
        continue;
      }
      switch (entry.getKey()) {
        case String text -> visit(text, entry.getValue());
        case Long number -> visit(number.toString(), entry.getValue());
        case Object other -> {
          Object before = nameless;
          nameless = other;
          visit(entry.getValue());
          nameless = before;
        }
      }
    }
  }

  private void visitInstance(Instance instance) throws TensorFileException {
    // Where a class has some attributes in slots, they are a second dictionary.
    List<Object> states = instance.state instanceof Sequence both && both.items.size() == 2 ? both.items : List.of(instance.state);
    if (states.getFirst() instanceof Dict state && state.items.get("_parameters") instanceof Dict parameters
        && state.items.get("_modules") instanceof Dict modules) {
      visitEntries(parameters.items, Set.of());
      if (state.items.get("_buffers") instanceof Dict buffers) {
        visitEntries(buffers.items, notKept(state));
      }
      visitEntries(modules.items, Set.of());
      return;
    }
    visitItems(instance.arguments.items);
    visitItems(instance.items);
    visitEntries(instance.entries, Set.of());
    for (Object state : states) {
      visit(state);
    }
  }

  /** The names of buffers that are no part of what a layer saves. */
  private Set<Object> notKept(Dict state) throws TensorFileException {
    if (state.items.get("_non_persistent_buffers_set") instanceof Sequence names) {
      charge(names.items.size());
      return new HashSet<>(names.items);
    }
    return Set.of();
  }
}
