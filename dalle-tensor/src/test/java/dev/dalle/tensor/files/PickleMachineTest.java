package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.files.Pickled.Bytes;
import dev.dalle.tensor.files.Pickled.Dict;
import dev.dalle.tensor.files.Pickled.Instance;
import dev.dalle.tensor.files.Pickled.None;
import dev.dalle.tensor.files.Pickled.Sequence;
import dev.dalle.tensor.files.Pickled.Symbol;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads pickles put together here operation by operation, after the description in Python's pickletools. */
class PickleMachineTest {
  /** Notes calls and does nothing else. */
  private static final PickleMachine.Constructors NOTES = new PickleMachine.Constructors() {
    @Override
    public Object call(Symbol function, Sequence arguments) {
      return new Text("call " + function + text(arguments));
    }

    @Override
    public Object create(Symbol type, Sequence arguments) throws TensorFileException {
      if (type.name().equals("Refused")) {
        throw new TensorFileException("no " + type);
      }
      return new Instance(type, arguments);
    }

    @Override
    public Object persistent(Object id) {
      return new Text("stored " + text(id));
    }
  };

  private record Text(String words) implements Pickled.Made {}

  /** In the words of Python, as far as it has them. */
  private static String text(Object value) {
    return switch (value) {
      case String text -> "'" + text + "'";
      case None none -> "None";
      case Bytes bytes -> "bytes";
      case Text made -> made.words;
      case Sequence sequence -> sequence.items.stream().map(PickleMachineTest::text)
          .collect(Collectors.joining(", ", sequence.grows ? "[" : "(", sequence.grows ? "]" : ")"));
      case Dict dict -> text(dict.items);
      case Instance instance -> instance.type + text(instance.arguments) + (instance.state == None.NONE ? "" : " state " + text(instance.state))
          + (instance.items.isEmpty() ? "" : " items " + text(new Sequence(instance.items, true))) + (instance.entries.isEmpty() ? "" : text(instance.entries));
      case Boolean truth -> truth ? "True" : "False";
      default -> value.toString();
    };
  }

  private static String text(Map<Object, Object> entries) {
    return entries.entrySet().stream().map(entry -> text(entry.getKey()) + ": " + text(entry.getValue())).collect(Collectors.joining(", ", "{", "}"));
  }

  /** Bytes of texts, of numbers one each. */
  static byte[] bytes(Object... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Object part : parts) {
      switch (part) {
        case String text -> bytes.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        case byte[] others -> bytes.writeBytes(others);
        default -> bytes.write((Integer) part);
      }
    }
    return bytes.toByteArray();
  }

  private static Object read(byte[] pickle) throws TensorFileException {
    return new PickleMachine(new PickleInput("f: r", MemorySegment.ofArray(pickle)), NOTES).read();
  }

  private static void reads(String expected, Object... parts) throws TensorFileException {
    assertEquals(expected, text(read(bytes(parts))));
  }

  @Test
  void numbers() throws TensorFileException {
    reads("255", "K", 255, ".");
    reads("65280", "M", 0, 255, ".");
    reads("-2", "J", 0xFE, 0xFF, 0xFF, 0xFF, ".");
    reads("0", 0x8A, 0, ".");
    reads("-1", 0x8A, 1, 0xFF, ".");
    reads("255", 0x8A, 2, 0xFF, 0, ".");
    reads("9223372036854775807", 0x8A, 8, 255, 255, 255, 255, 255, 255, 255, 127, ".");
    reads("18446744073709551616", 0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, ".");
    reads("-256", 0x8B, 2, 0, 0, 0, 0, 0xFF, ".");
    reads("-12", "I-12\n.");
    reads("1180591620717411303424", "L1180591620717411303424L\n.");
    reads("1.5", "G", 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, ".");
    reads("-2500.0", "F-2.5e3\n.");
    reads("(None, True, False)", "N", 0x88, 0x89, 0x87, ".");
    assertTrue(read(bytes(0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, ".")) instanceof BigInteger);
  }

  @Test
  void texts() throws TensorFileException {
    reads("'\u00fc\ud83d\ude00'", "X", 6, 0, 0, 0, "\u00c3\u00bc\u00f0\u009f\u0098\u0080", ".");
    reads("'ab'", 0x8C, 2, "ab.");
    reads("'ab'", 0x8D, 2, 0, 0, 0, 0, 0, 0, 0, "ab.");
    reads("'\u00fc'", "U", 1, 0xFC, ".");
    reads("'\u00fc'", "T", 1, 0, 0, 0, 0xFC, ".");
    reads("('a', 'b')", "S'a'\nS\"b\"\n", 0x86, ".");
    reads("'a b'", "Va b\n.");
    reads("[bytes, bytes, bytes, bytes]", "(C", 1, 0, "B", 1, 0, 0, 0, 0, 0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x96, 0, 0, 0, 0, 0, 0, 0, 0, "l.");
  }

  @Test
  void containers() throws TensorFileException {
    reads("()", ").");
    reads("(1, (2, 3), (4, 5, 6), (), ((7)))", "(K", 1, "K", 2, "K", 3, 0x86, "K", 4, "K", 5, "K", 6, 0x87, "(tK", 7, 0x85, 0x85, "t.");
    reads("[1, 2, 3, []]", "]K", 1, "a(K", 2, "K", 3, "]e.");
    reads("{1: 2, 'a': {}, None: []}", "}K", 1, "K", 2, "s(U", 1, "a}N]u.");
    reads("{1: 2}", "(K", 1, "K", 2, "d.");
    reads("[1, 2]", 0x8F, "(K", 1, "K", 2, 0x90, ".");
    reads("(1, 2)", "(K", 1, "K", 2, 0x91, ".");
    reads("{1: 3}", "}(K", 1, "K", 2, "K", 1, "K", 3, "u.");
  }

  @Test
  void stackAndMemory() throws TensorFileException {
    reads("(1, 1)", "K", 1, "2", 0x86, ".");
    reads("1", "K", 1, "K", 2, "0.");
    reads("1", "K", 1, "(K", 2, "K", 3, "1.");
    reads("1", "K", 1, "(0.");
    reads("(5, 5, 5, 5)", "(K", 5, "q", 200, "h", 200, "r", 1, 2, 3, 4, "j", 1, 2, 3, 4, "p77\ng77\nt.");
    reads("(5, 6, 6, 5)", "(K", 5, 0x94, "K", 6, 0x94, "h", 1, "h", 0, "t.");
    // What is remembered is the list, not what it was.
    reads("([1], [1])", "]q", 0, "h", 0, "K", 1, "a", 0x86, ".");
    reads("1", 0x80, 4, 0x95, 3, 0, 0, 0, 0, 0, 0, 0, "K", 1, ".");
  }

  @Test
  void functionsAndObjectsAreNames() throws TensorFileException {
    reads("a.b.C", "ca.b\nC\n.");
    reads("a.C", "U", 1, "aU", 1, "C", 0x93, ".");
    reads("call os.system('rm')", "cos\nsystem\n(S'rm'\ntR.");
    reads("call os.system('rm')", "(S'rm'\nios\nsystem\n.");
    reads("call os.system('rm')", "(cos\nsystem\nS'rm'\no.");
    reads("call f.f(call g.g())", "cf\nf\ncg\ng\n)R", 0x85, "R.");
    reads("a.C(1)", "ca\nC\nK", 1, 0x85, 0x81, ".");
    reads("a.C(1)", "ca\nC\nK", 1, 0x85, "}", 0x92, ".");
    reads("a.C() state {'x': 1}", "ca\nC\n)", 0x81, "}U", 1, "xK", 1, "sb.");
    reads("a.C() items [1, 2]{3: 4}", "ca\nC\n)", 0x81, "K", 1, "a(K", 2, "eK", 3, "K", 4, "s.");
    reads("stored ('storage')", "U", 7, "storage", 0x85, "Q.");
    reads("{1: 2}", "}N", "bK", 1, "K", 2, "s.");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "~80~06.|0: expected pickle protocol 0 to 5, found 6",
      "K|1: expected 1 more bytes, found 0; the file is cut short or damaged",
      "X~ff~ff~ff~ffabc|5: expected 4294967295 more bytes, found 3; the file is cut short or damaged",
      "T~ff~ff~ff~ffabc|5: expected 18446744073709551615 more bytes, found 3; the file is cut short or damaged",
      "~8d~ff~ff~ff~ff~ff~ff~ff~7fabc|9: expected 9223372036854775807 more bytes, found 3; the file is cut short or damaged",
      "~8d~00~00~00~00~00~00~00~80abc|9: expected 9223372036854775808 more bytes, found 3; the file is cut short or damaged",
      "~8b~ff~ff~ff~7f.|5: expected a number of at most 1000 bytes, found one of 2147483647",
      "~8b~ff~ff~ff~ff.|5: expected a number of at most 1000 bytes, found one of 18446744073709551615",
      "I1.5~0a.|1: expected a whole number, found 1.5",
      "Fx~0a.|1: expected a number, found x",
      "Sx~0a.|0: expected text in quotes, found x",
      "S'~0a.|0: expected text in quotes, found '",
      "S'\\n'~0a.|0: expected text without backslashes, found \\n",
      "U~01~ff~8c~01~ff.|5: expected text in UTF-8, found bytes that are not",
      ".|0: expected a value to work on, found none; the file is damaged",
      "K~01(.|3: expected a value to work on, found none; the file is damaged",
      "K~01K~02.|4: expected one value at the end of the pickle, found others below it",
      "K~01(K~02.|5: expected one value at the end of the pickle, found others below it",
      "t.|0: expected a mark below the values to work on, found none; the file is damaged",
      "0.|0: expected a mark below the values to work on, found none; the file is damaged",
      "(K~01~86.|3: expected a value to work on, found none; the file is damaged",
      "h~07.|0: expected a value remembered under 7, found none; the file is damaged",
      "j~ff~ff~ff~ff.|0: expected a value remembered under 4294967295, found none; the file is damaged",
      ")K~01a.|3: expected a list to add to, found a tuple of 0",
      "K~07K~01a.|4: expected a list to add to, found the value 7",
      "]K~01K~02s.|5: expected a dictionary to put entries into, found a list of 0",
      "}(K~01u.|4: expected a value for every key, found 1 keys and values",
      "K~01Nb.|3: expected an object whose state to set, found the value 1",
      "~88)R.|2: expected the name of a function to call, found the value true",
      "(o.|1: expected the name of a function to call, found None",
      "ca~0aC~0aNR.|6: expected a tuple of arguments, found None",
      "U~01a)~81.|4: expected the name of a class, found the text a",
      "ca~0aC~0a)N~92.|7: expected a dictionary of arguments, found None",
      "U~01aN~93.|4: expected the name of a class or function, found None",
      "NU~01a~93.|4: expected the name of a module, found None",
      "ca~0aRefused~0a)~81.|12: no a.Refused",
      "P1~0a.|0: expected an operation of a pickle of tensors, found byte 0x50; the file is damaged, or was not written by torch.save",
      "~82~01.|0: expected an operation of a pickle of tensors, found byte 0x82; the file is damaged, or was not written by torch.save"})
  void refusals(String pickle, String message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < pickle.length(); i++) {
      if (pickle.charAt(i) == '~') {
        bytes.write(Integer.parseInt(pickle.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(pickle.charAt(i));
      }
    }
    assertEquals("f: r: byte " + message, assertThrows(TensorFileException.class, () -> read(bytes.toByteArray())).getMessage());
  }

  @Test
  void longLinesAreRefused() {
    byte[] line = new byte[2000];
    Arrays.fill(line, (byte) 'x');
    line[0] = 'c';
    assertEquals("f: r: byte 1: expected a line of at most 1000 bytes, found a longer one",
        assertThrows(TensorFileException.class, () -> read(line)).getMessage());
  }

  /** Neither the stack of the thread nor the memory grow with what a pickle asks for. */
  @Test
  void manyOperationsAndDeepNesting() throws TensorFileException {
    byte[] deep = new byte[1_000_001];
    Arrays.fill(deep, 0, 500_000, (byte) ']');
    Arrays.fill(deep, 500_000, 999_999, (byte) 'a');
    deep[999_999] = '.';
    assertEquals(1, ((Sequence) read(deep)).items.size());
    byte[] marks = deep.clone();
    Arrays.fill(marks, (byte) '(');
    assertEquals("f: r: byte 1000001: expected 1 more bytes, found 0; the file is cut short or damaged",
        assertThrows(TensorFileException.class, () -> read(marks)).getMessage());
    byte[] many = new byte[PickleMachine.MAX_OPERATIONS + 1];
    for (char operation : "(]}N2".toCharArray()) {
      Arrays.fill(many, (byte) operation);
      many[0] = 'N';
      assertEquals("f: r: byte 1999999: expected a pickle of at most 2000000 operations, found a longer one; save the tensors alone, without what else there is",
          assertThrows(TensorFileException.class, () -> read(many)).getMessage());
    }
  }

  @Test
  void longPicklesAreRefused() {
    byte[] text = new byte[PickleInput.MAX_BYTES + 100];
    text[0] = 'X';
    int length = text.length - 10;
    for (int i = 0; i < 4; i++) {
      text[1 + i] = (byte) (length >> 8 * i);
    }
    assertEquals("f: r: byte 5: expected a pickle of at most 33554432 bytes, found a longer one; save the tensors alone, without what else there is",
        assertThrows(TensorFileException.class, () -> read(text)).getMessage());
  }
}
