package dev.dalle.tensor.files;

import dev.dalle.tensor.files.Pickled.Bytes;
import dev.dalle.tensor.files.Pickled.Dict;
import dev.dalle.tensor.files.Pickled.Instance;
import dev.dalle.tensor.files.Pickled.None;
import dev.dalle.tensor.files.Pickled.Sequence;
import dev.dalle.tensor.files.Pickled.Symbol;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one pickle, of protocol 0 to 5, as data. Python's own reader calls whatever functions a pickle names; this one only notes names, and asks
 * {@link Constructors} what they mean. Objects of classes become {@link Instance}s. Does not recurse, and takes a bounded number of operations of a bounded
 * length, so that neither stack nor memory grow with what a file claims: at the most some hundred bytes an operation, and a few times the pickle's length for
 * its texts.
 *
 * <p>The operations are those of Python's pickletools, but for those that torch.save cannot write: extension codes, buffers out of band, and persistent names in
 * plain text.
 */
final class PickleMachine {
  /** Most operations of a pickle; a tensor takes about 30. */
  static final int MAX_OPERATIONS = 2_000_000;
  static final int MAX_PROTOCOL = 5;

  /** What the calls of a pickle mean. */
  interface Constructors {
    /**
     * The value of a call.
     *
     * @throws TensorFileException if the function is not one of those that are known, or the arguments are not its; the message need not say where
     */
    Object call(Symbol function, Sequence arguments) throws TensorFileException;

    /**
     * An object of a class, whose state may follow.
     *
     * @throws TensorFileException if such objects are not made; the message need not say where
     */
    Object create(Symbol type, Sequence arguments) throws TensorFileException;

    /**
     * What is stored outside the pickle.
     *
     * @throws TensorFileException if nothing is known of it; the message need not say where
     */
    Object persistent(Object id) throws TensorFileException;
  }

  private final PickleInput in;
  private final Constructors constructors;
  private final Map<Integer, Object> memo = new HashMap<>();
  /** Values since the last mark, and below those since earlier ones. */
  private List<Object> stack = new ArrayList<>();
  private final Deque<List<Object>> below = new ArrayDeque<>();
  /** Where the operation at hand begins. */
  private long at;

  PickleMachine(PickleInput in, Constructors constructors) {
    this.in = in;
    this.constructors = constructors;
  }

  /**
   * Reads up to the end of the pickle.
   *
   * @throws TensorFileException if it is no pickle, too long, or asks for what is not done here
   */
  Object read() throws TensorFileException {
    in.beginPickle();
    for (int operations = 0; operations < MAX_OPERATIONS; operations++) {
      at = in.position();
      int operation = in.unsignedByte();
      if (operation == '.') {
        Object value = pop();
        if (!stack.isEmpty() || !below.isEmpty()) {
          throw wrong("expected one value at the end of the pickle, found others below it");
        }
        return value;
      }
      perform(operation);
    }
    throw wrong("expected a pickle of at most " + MAX_OPERATIONS + " operations, found a longer one; save the tensors alone, without what else there is");
  }

  private TensorFileException wrong(String message) {
    return in.wrong(at, message);
  }

  private void perform(int operation) throws TensorFileException {
    switch (operation) {
      case 0x80 -> checkProtocol(in.unsignedByte());
      // Frames only help to read ahead.
      case 0x95 -> in.signedLong();
      case '(' -> {
        below.push(stack);
        stack = new ArrayList<>(4);
      }
      case '0' -> drop();
      case '1' -> marked();
      case '2' -> push(top());
      case 'N' -> push(None.NONE);
      case 0x88 -> push(Boolean.TRUE);
      case 0x89 -> push(Boolean.FALSE);
      case 'K' -> push((long) in.unsignedByte());
      case 'M' -> push((long) in.unsignedShort());
      case 'J' -> push((long) in.signedInt());
      case 0x8A -> push(number(in.number(in.unsignedByte())));
      case 0x8B -> push(number(in.number(in.signedInt())));
      case 'I', 'L' -> push(number(in.digits()));
      case 'G' -> push(in.bigEndianDouble());
      case 'F' -> push(in.decimal());
      case 'X' -> push(in.text(in.unsignedInt()));
      case 0x8C -> push(in.text(in.unsignedByte()));
      case 0x8D -> push(in.text(in.signedLong()));
      case 'V' -> push(plain(in.line()));
      case 'U' -> push(in.oldText(in.unsignedByte()));
      case 'T' -> push(in.oldText(in.signedInt()));
      case 'S' -> push(quoted(in.line()));
      case 'C' -> pushBytes(in.unsignedByte());
      case 'B' -> pushBytes(in.unsignedInt());
      case 0x8E, 0x96 -> pushBytes(in.signedLong());
      case ')' -> push(new Sequence(List.of(), false));
      case 0x85 -> push(new Sequence(popped(1), false));
      case 0x86 -> push(new Sequence(popped(2), false));
      case 0x87 -> push(new Sequence(popped(3), false));
      case 't', 0x91 -> push(new Sequence(marked(), false));
      case ']', 0x8F -> push(new Sequence(new ArrayList<>(0), true));
      case 'l' -> push(new Sequence(marked(), true));
      case '}' -> push(new Dict());
      case 'd' -> {
        List<Object> pairs = marked();
        push(new Dict());
        putAll(pairs);
      }
      case 'a' -> addAll(popped(1));
      case 'e', 0x90 -> addAll(marked());
      case 's' -> putAll(popped(2));
      case 'u' -> putAll(marked());
      case 'q' -> memo.put(in.unsignedByte(), top());
      case 'r' -> memo.put(in.signedInt(), top());
      case 'p' -> memo.put(in.digits().intValue(), top());
      case 0x94 -> memo.put(memo.size(), top());
      case 'h' -> push(remembered(in.unsignedByte()));
      case 'j' -> push(remembered(in.signedInt()));
      case 'g' -> push(remembered(in.digits().intValue()));
      case 'c' -> push(new Symbol(in.line(), in.line()));
      case 0x93 -> {
        String name = pop(String.class, "the name of a class or function");
        push(new Symbol(pop(String.class, "the name of a module"), name));
      }
      case 'R' -> {
        Sequence arguments = pop(Sequence.class, "a tuple of arguments");
        call(pop(), arguments);
      }
      case 'i' -> {
        Symbol function = new Symbol(in.line(), in.line());
        call(function, new Sequence(marked(), false));
      }
      case 'o' -> {
        List<Object> values = marked();
        call(values.isEmpty() ? None.NONE : values.getFirst(), new Sequence(values.subList(Math.min(1, values.size()), values.size()), false));
      }
      case 0x81 -> {
        Sequence arguments = pop(Sequence.class, "a tuple of arguments");
        create(pop(Symbol.class, "the name of a class"), arguments);
      }
      case 0x92 -> {
        pop(Dict.class, "a dictionary of arguments");
        Sequence arguments = pop(Sequence.class, "a tuple of arguments");
        create(pop(Symbol.class, "the name of a class"), arguments);
      }
      case 'b' -> build(pop());
      case 'Q' -> {
        Object id = pop();
        push(meant(() -> constructors.persistent(id)));
      }
      default -> throw wrong("expected an operation of a pickle of tensors, found byte 0x" + Integer.toHexString(operation)
          + "; the file is damaged, or was not written by torch.save");
    }
  }

  private void checkProtocol(int protocol) throws TensorFileException {
    if (protocol > MAX_PROTOCOL) {
      throw wrong("expected pickle protocol 0 to " + MAX_PROTOCOL + ", found " + protocol);
    }
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object top() throws TensorFileException {
    if (stack.isEmpty()) {
      throw wrong("expected a value to work on, found none; the file is damaged");
    }
    return stack.getLast();
  }

  private Object pop() throws TensorFileException {
    Object value = top();
    stack.removeLast();
    return value;
  }

  private <T> T pop(Class<T> type, String what) throws TensorFileException {
    Object value = pop();
    if (!type.isInstance(value)) {
      throw wrong("expected " + what + ", found " + Pickled.words(value));
    }
    return type.cast(value);
  }

  /** The uppermost values, the lowest first. */
  private List<Object> popped(int count) throws TensorFileException {
    List<Object> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.addFirst(pop());
    }
    return values;
  }

  /** The values since the last mark, which goes with them. */
  private List<Object> marked() throws TensorFileException {
    if (below.isEmpty()) {
      throw wrong("expected a mark below the values to work on, found none; the file is damaged");
    }
    List<Object> values = stack;
    stack = below.pop();
    return values;
  }

  private void drop() throws TensorFileException {
    if (stack.isEmpty()) {
      marked();
    } else {
      pop();
    }
  }

  private Object remembered(int index) throws TensorFileException {
    Object value = memo.get(index);
    if (value == null) {
      throw wrong("expected a value remembered under " + Integer.toUnsignedString(index) + ", found none; the file is damaged");
    }
    return value;
  }

  private void pushBytes(long count) throws TensorFileException {
    in.skip(count);
    push(new Bytes());
  }

  private static Object number(BigInteger number) {
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  /** A text as protocol 0 writes it; what has to be written with a backslash occurs in no name of a tensor. */
  private String plain(String line) throws TensorFileException {
    if (line.indexOf('\\') >= 0) {
      throw wrong("expected text without backslashes, found " + line);
    }
    return line;
  }

  private String quoted(String line) throws TensorFileException {
    if (line.length() < 2 || line.charAt(0) != '\'' && line.charAt(0) != '"' || line.charAt(line.length() - 1) != line.charAt(0)) {
      throw wrong("expected text in quotes, found " + line);
    }
    return plain(line.substring(1, line.length() - 1));
  }

  private void addAll(List<Object> values) throws TensorFileException {
    switch (top()) {
      case Sequence sequence when sequence.grows -> sequence.items.addAll(values);
      case Instance instance -> instance.items.addAll(values);
      case Object other -> throw wrong("expected a list to add to, found " + Pickled.words(other));
    }
  }

  private void putAll(List<Object> pairs) throws TensorFileException {
    if (pairs.size() % 2 != 0) {
      throw wrong("expected a value for every key, found " + pairs.size() + " keys and values");
    }
    Map<Object, Object> entries = switch (top()) {
      case Dict dict -> dict.items;
      case Instance instance -> instance.entries;
      case Object other -> throw wrong("expected a dictionary to put entries into, found " + Pickled.words(other));
    };
    for (int i = 0; i < pairs.size(); i += 2) {
      entries.put(pairs.get(i), pairs.get(i + 1));
    }
  }

  private void build(Object state) throws TensorFileException {
    switch (top()) {
      case Instance instance -> instance.state = state;
      // Attributes that a dictionary carries besides its entries, as those of PyTorch do with versions of layers.
      case Dict dict -> { }
      case Object other -> throw wrong("expected an object whose state to set, found " + Pickled.words(other));
    }
  }

  private void call(Object function, Sequence arguments) throws TensorFileException {
    if (!(function instanceof Symbol symbol)) {
      throw wrong("expected the name of a function to call, found " + Pickled.words(function));
    }
    push(meant(() -> constructors.call(symbol, arguments)));
  }

  private void create(Symbol type, Sequence arguments) throws TensorFileException {
    push(meant(() -> constructors.create(type, arguments)));
  }

  private interface Meaning {
    Object get() throws TensorFileException;
  }

  private Object meant(Meaning meaning) throws TensorFileException {
    try {
      return meaning.get();
    } catch (TensorFileException e) {
      throw wrong(e.getMessage());
    }
  }
}
