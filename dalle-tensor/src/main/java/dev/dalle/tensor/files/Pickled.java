package dev.dalle.tensor.files;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a pickle describes, as data: nothing here has behaviour of Python. Texts, whole numbers, floating-point numbers and truth values are {@link String},
 * {@link Long} or {@link BigInteger}, {@link Double} and {@link Boolean}; strings of bytes are {@link Bytes}. Except {@link Symbol} these classes are
 * equal to nothing but themselves, since a pickle can nest them deeply or in circles.
 */
sealed interface Pickled {
  /** Python's None. */
  enum None implements Pickled {
    /** The only one. */
    NONE
  }

  /** The name of a class or a function. */
  record Symbol(String module, String name) implements Pickled {
    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** A string of bytes; only that there is one matters. */
  final class Bytes implements Pickled {}

  /** A tuple, a list or a set; a tuple does not grow. */
  final class Sequence implements Pickled {
    final List<Object> items;
    final boolean grows;

    Sequence(List<Object> items, boolean grows) {
      this.items = items;
      this.grows = grows;
    }
  }

  /** A dictionary, in the order of its keys' arrival. */
  final class Dict implements Pickled {
    final Map<Object, Object> items = new LinkedHashMap<>(4);
  }

  /** An object of a class that is not known here and never runs: the class's name, what the object was made of, and its state. */
  final class Instance implements Pickled {
    final Symbol type;
    final Sequence arguments;
    Object state = None.NONE;
    /** Entries of objects that are lists or dictionaries besides. */
    final List<Object> items = new ArrayList<>(0);
    final Map<Object, Object> entries = new LinkedHashMap<>(0);

    Instance(Symbol type, Sequence arguments) {
      this.type = type;
      this.arguments = arguments;
    }
  }

  /** What was made by {@link PickleMachine.Constructors}. */
  non-sealed interface Made extends Pickled {}

  /** A few words for messages, short whatever it is. */
  static String words(Object value) {
    return switch (value) {
      case String text -> "the text " + (text.length() > 100 ? text.substring(0, 100) + "..." : text);
      case None none -> "None";
      case Symbol symbol -> "the name " + symbol;
      case Bytes bytes -> "bytes";
      case Sequence sequence -> (sequence.grows ? "a list of " : "a tuple of ") + sequence.items.size();
      case Dict dict -> "a dictionary of " + dict.items.size();
      case Instance instance -> "an object of class " + instance.type;
      case Made made -> made.toString();
      case BigInteger number -> "a number of " + number.bitLength() + " bits";
      default -> "the value " + value;
    };
  }
}
