package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives whose pickles were put together here: what PyTorch does not write, or only somebody with bad intentions. */
class TorchPicklesTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final byte[] MARK_STORAGE = PickleMachineTest.bytes("(U", 7, "storagectorch\nFloatStorage\nU", 1, "0U", 3, "cpu");
  /** A storage of six numbers. */
  private static final byte[] STORAGE = PickleMachineTest.bytes(MARK_STORAGE, "K", 6, "tQ");
  /** A tensor of two by three. */
  private static final byte[] TENSOR = tensor(STORAGE, "K", 0, "K", 2, "K", 3, 0x86, "K", 3, "K", 1, 0x86);

  private static byte[] tensor(Object... storageOffsetSizeStride) {
    return PickleMachineTest.bytes("ctorch._utils\n_rebuild_tensor_v2\n(", PickleMachineTest.bytes(storageOffsetSizeStride), 0x89, "ccollections\nOrderedDict\n)RtR");
  }

  private static TensorFile open(byte[] bytes) throws TensorFileException {
    return TensorFormats.read(new MappedFile(Path.of("f"), Arena.ofShared(), MemorySegment.ofArray(bytes)));
  }

  private static TensorFile read(Object... pickle) throws TensorFileException {
    return open(new TorchArchive().with("a/data.pkl", PickleMachineTest.bytes(pickle)).with("a/data/0", new byte[24]).bytes());
  }

  private static List<String> names(Object... pickle) throws TensorFileException {
    return read(pickle).entries().stream().map(TensorEntry::name).toList();
  }

  private static String refusal(Object... pickle) {
    return assertThrows(TensorFileException.class, () -> read(pickle)).getMessage();
  }

  private static void refused(String message, Object... pickle) {
    assertEquals("f: a/data.pkl: " + message, refusal(pickle));
  }

  @Test
  void namesAreThoseOnTheWay() throws TensorFileException {
    assertEquals(List.of("tensor"), names(TENSOR, "."));
    assertEquals(List.of("a.0", "a.1.7", "b"), names("}(U", 1, "a]", TENSOR, "a}K", 7, TENSOR, "saU", 1, "b", TENSOR, "u."));
    assertEquals(List.of("x"), names("}(K", 1, 0x85, "]U", 1, "x", TENSOR, "NK", 1, "u."), "other keys than texts and numbers name no tensors, and none is there");
    assertEquals(List.of("p", "b", "m.p"), names("cany.Layer\nX\n)", 0x81, "}(U", 11, "_parameters}U", 1, "p", TENSOR, "sU", 8, "_buffers}(U", 1, "b", TENSOR, "U",
        1, "c", TENSOR, "uU", 27, "_non_persistent_buffers_set]U", 1, "caU", 8, "_modules}U", 1, "mcany.Layer\nY\n)", 0x81, "}(U", 11, "_parameters}U", 1, "p", TENSOR,
        "sU", 8, "_modules}ubsU", 5, "other", TENSOR, "ub."));
    assertEquals(List.of("0", "1", "k", "x", "y"), names("cany\nThing\n", TENSOR, 0x85, 0x81, "K", 0, "a0cany\nThing\n", TENSOR, 0x85, 0x81, "Na", TENSOR, "aU", 1, "k",
        TENSOR, "s}U", 1, "x", TENSOR, "s}U", 1, "y", TENSOR, "s", 0x86, "b."), "objects that are lists and dictionaries, with slots");
  }

  /** What Python 2, older versions and the C++ library write. */
  @Test
  void otherFormsOfTheSame() throws TensorFileException {
    assertEquals(List.of("x", "y"), names("ccollections\nOrderedDict\n]](U", 1, "x", TENSOR, "ea](U", 1, "y", TENSOR, "ea", 0x85, "R."));
    assertEquals(List.of("x"), names("ccollections\ndefaultdict\nc__builtin__\nlist\n}U", 1, "x", TENSOR, "s", 0x86, "R."));
    assertEquals(List.of("x"), names("ctorch.jit._pickle\nrestore_type_tag\n}U", 1, "x", TENSOR, "sU", 1, "t", 0x86, "R."));
    assertEquals(List.of("tensor"), names("ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor\nctorch\nTensor\n(", STORAGE, "K", 0, "K", 6, 0x85, "K",
        1, 0x85, "t}tR."));
    assertEquals(List.of("x"), names("ccopy_reg\n_reconstructor\n(cany.Layer\nX\nc__builtin__\nobject\nNtR}U", 1, "x", TENSOR, "sb."));
    try (TensorFile cuda = read(tensor(PickleMachineTest.bytes("(U", 7, "storagectorch.cuda\nHalfStorage\nU", 1, "0U", 6, "cuda:0K", 12, "tQ"), "K", 3, "K", 2, 0x85, "K",
        4, 0x85), ".")) {
      assertEquals(StoredType.F16, cuda.get("tensor").type());
      assertEquals(10, cuda.get("tensor").data().byteSize());
    }
  }

  private static final String NOT_RUN = ": not something that a file of tensors needs, and nothing that a file names is run here. If the file is to be trusted, "
      + "load it with PyTorch and save its tensors alone, torch.save(model.state_dict(), path)";

  @ParameterizedTest
  @ValueSource(strings = {"os system", "posix system", "nt system", "subprocess Popen", "builtins eval", "__builtin__ exec", "builtins getattr", "builtins __import__",
      "runpy _run_code", "torch load", "torch.hub load", "operator attrgetter", "importlib import_module", "numpy.core.multiarray scalar", "pickle loads",
      "torch.utils.data DataLoader", "dall_e.encoder Encoder", "collections OrderedDict.fromkeys", "torch._utils _rebuild_tensor_v2.__globals__"})
  void callsAreRefusedByName(String function) {
    String call = "c" + function.replace(' ', '\n') + "\n";
    String message = "asks to call " + function.replace(' ', '.') + NOT_RUN;
    refusedSomewhere(message, call, "U", 8, "rm -rf /", 0x85, "R.");
    refusedSomewhere(message, "(S'rm -rf'\n", "i" + call.substring(1), ".");
    refusedSomewhere(message, "(", call, "U", 4, "ls /o.", ".");
    // Through a function that calls another by its name, and by a name put together of two texts.
    refusedSomewhere(message, "ctorch._tensor\n_rebuild_from_type_v2\n(", call, "N)}tR.");
    String[] parts = function.split(" ");
    refusedSomewhere(message, "U", parts[0].length(), parts[0], "U", parts[1].length(), parts[1], 0x93, ")R.");
  }

  private static void refusedSomewhere(String message, Object... pickle) {
    assertEquals("f: a/data.pkl: byte #: " + message, refusal(pickle).replaceFirst("byte \\d+", "byte #"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"os system", "builtins eval", "subprocess Popen", "torch._utils _rebuild_tensor_v2"})
  void whatIsNoClassMakesNoObjects(String function) {
    String name = "c" + function.replace(' ', '\n') + "\n";
    refusedSomewhere("asks for an object of " + function.replace(' ', '.') + NOT_RUN, name, ")", 0x81, "}b.");
  }

  /** Objects of unknown classes keep their state and do nothing, not even where Python would run a method of theirs. */
  @Test
  void objectsAreOnlyRecords() throws TensorFileException {
    assertEquals(List.of("x"), names("cevil\nEvil\n)", 0x81, "}(U", 1, "x", TENSOR, "U", 12, "__setstate__cos\nsystem\nub."));
  }

  @Test
  void tensorsStayInsideTheirStorages() throws TensorFileException {
    refusedSomewhere("expected a tensor inside the 6 elements of its storage 0, found offset 0, shape [7], strides [1]", tensor(STORAGE, "K", 0, "K", 7, 0x85, "K", 1,
        0x85), ".");
    assertEquals(6, read(tensor(STORAGE, "K", 1, "K", 6, 0x85, "K", 0, 0x85), ".").get("tensor").shape().dim(0));
    String outside = refusal(tensor(STORAGE, "K", 1, "K", 2, "K", 3, 0x86, "K", 3, "K", 1, 0x86), ".");
    assertTrue(outside.endsWith("expected a tensor inside the 6 elements of its storage 0, found offset 1, shape [2, 3], strides [3, 1]"), outside);
    byte[] half = {(byte) 0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x40};
    assertTrue(refusal(tensor(STORAGE, "K", 0, half, half, 0x86, "K", 0, "K", 0, 0x86), ".").endsWith("expected a tensor of fewer than 2^63 elements, found shape "
        + "[4611686018427387904, 4611686018427387904], strides [0, 0]"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, half, 0x85, half, 0x85), ".").endsWith("expected a tensor of fewer than 2^63 elements, found shape "
        + "[4611686018427387904], strides [4611686018427387904]"));
    assertTrue(refusal(tensor(STORAGE, half, "K", 1, 0x85, "K", 1, 0x85), ".").contains("found offset 4611686018427387904"));
    assertTrue(refusal(tensor(STORAGE, "J", -1, -1, -1, -1, "K", 1, 0x85, "K", 1, 0x85), ".").endsWith("expected an offset of at least 0 and a stride for each "
        + "dimension, found the value -1, shape [1], strides [1]"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, "K", 1, 0x85, ")"), ".").endsWith("found the value 0, shape [1], strides []"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, "J", -1, -1, -1, -1, 0x85, "K", 1, 0x85), ".").endsWith("shape: expected numbers of at least 0, found the value -1"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, "K", 1, 0x85, "J", -1, -1, -1, -1, 0x85), ".").endsWith("strides: expected numbers of at least 0, found the value -1"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, "K", 1, 0x85, "N"), ".").endsWith("strides: expected a tuple of at most 16 numbers, found None"));
    assertTrue(refusal(tensor(STORAGE, "K", 0, "(", "K\1".repeat(17), "tK", 1, 0x85), ".").endsWith("shape: expected a tuple of at most 16 numbers, found a tuple of "
        + "17"));
    assertTrue(refusal(tensor("N", "K", 0, "K", 1, 0x85, "K", 1, 0x85), ".").endsWith("torch._utils._rebuild_tensor_v2: argument 1: expected a storage, found None"));
  }

  @Test
  void storagesAreCheckedAgainstTheirRecords() {
    byte[] five = tensor(MARK_STORAGE, "K", 5, "tQ", "K", 0, "K", 2, 0x85, "K", 1, 0x85);
    refused("tensor tensor: expected 20 bytes in its storage 0, found 24; the file is damaged", five, ".");
    byte[] other = tensor("(U", 7, "storagectorch\nFloatStorage\nU", 6, "../../U", 3, "cpuK", 5, "tQK", 0, "K", 2, 0x85, "K", 1, 0x85);
    refused("expected a record a/data/../../, found none of that name; the file is damaged", other, ".");
    byte[] huge = tensor(MARK_STORAGE, 0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x40, "tQ", "K", 0, "K", 2, 0x85, "K", 1, 0x85);
    assertTrue(refusal(huge, ".").endsWith("storage 0: expected a length of at least 0 and below 2^60, found 4611686018427387904"));
    assertTrue(refusal("U", 4, "nameQ.").endsWith("expected the name, class, key, device and length of a storage, found the text name"));
    assertTrue(refusal(MARK_STORAGE, "K", 5, "U", 1, "v", "tQ.").endsWith("storage 0 is a part of another, as PyTorch before 0.4 wrote them; load the file there and save "
        + "it once more"));
    assertTrue(refusal("(U", 7, "storageconnx\nFloatStorage\nU", 1, "0U", 3, "cpuK", 5, "tQ.").contains("found the name onnx.FloatStorage"));
  }

  @Test
  void circlesAreRefused() {
    refused("0.0: expected values that do not contain themselves, found a list of 1 within itself", "]q", 0, "]h", 0, "aa.");
    refused("a.a: expected values that do not contain themselves, found a dictionary of 1 within itself", "}q", 0, "U", 1, "a}U", 1, "ah", 0, "ss.");
    refused("x.x: expected values that do not contain themselves, found an object of class any.X within itself",
        "cany\nX\n)", 0x81, "q", 0, "}U", 1, "xcany\nY\n)", 0x81, "}U", 1, "xh", 0, "sbsb.");
    refused("expected values that do not contain themselves, found an object of class any.X within itself", "cany\nX\n)", 0x81, "q", 0, "h", 0, "b.");
  }

  @Test
  void deepNestingIsRefused() {
    byte[] deep = new byte[200_000];
    Arrays.fill(deep, 0, 100_000, (byte) ']');
    Arrays.fill(deep, 100_000, 199_999, (byte) 'a');
    deep[199_999] = '.';
    String message = refusal((Object) deep);
    assertTrue(message.startsWith("f: a/data.pkl: 0.0.0.0.0.0.0."), message);
    assertTrue(message.endsWith(": expected values at most 100 inside one another, found more"), message);
  }

  /** Each list holds the one before twice: after 40 of them a million million. */
  @Test
  void sharedContainersDoNotMultiply() {
    byte[] pickle = PickleMachineTest.bytes("]", TENSOR, "a", "q\0", "0(h\0h\0lq\0".repeat(40), ".");
    String message = refusal((Object) pickle);
    assertTrue(message.endsWith(": expected at most 100000 tensors, whose names have at most 20000000 characters, found more"), message);
    byte[] empty = PickleMachineTest.bytes("]q\0", "0(h\0h\0lq\0".repeat(40), ".");
    String other = refusal((Object) empty);
    assertTrue(other.endsWith(": expected at most 2000000 values, found more: containers are shared so that they multiply"), other);
    byte[] many = PickleMachineTest.bytes("](", "K\1K\1\u0086".repeat(1000), "eq\0", "ccollections\nOrderedDict\nh\0\u0085R0".repeat(3000), ".");
    assertTrue(refusal((Object) many).endsWith("expected at most 2000000 entries to be copied between dictionaries, found more"));
  }

  /** The dearest that pickles can ask for: objects, entries, tensors of many dimensions, and tensors under long names many times. */
  @Test
  void memoryIsBounded() {
    String sizes = "(" + "K\1".repeat(16) + "tq\0";
    String tensor = "ctorch._utils\n_rebuild_tensor\nq\1(" + new String(STORAGE, StandardCharsets.ISO_8859_1) + "K\0" + sizes + "h\0tq\2";
    StringBuilder entries = new StringBuilder("}(");
    for (int i = 0; i < 600_000; i++) {
      entries.append('J').append((char) (i & 0xFF)).append((char) (i >> 8 & 0xFF)).append((char) (i >> 16)).append("\0G?\1\2\3\4\5\6\7");
    }
    StringBuilder names = new StringBuilder("}(X").append((char) 0x20).append((char) 0x4E).append("\0\0").append("n".repeat(20_000)).append("](")
        .append(new String(TENSOR, StandardCharsets.ISO_8859_1)).append("q\3").append("h\3".repeat(1_000_000)).append("eu.");
    for (CharSequence pickle : List.of("ca\nb\nq\0" + "h\0)\u0081".repeat(660_000) + ".", entries.append("u.").toString(), tensor + "h\1h\2R".repeat(660_000) + ".",
        "N" + "\u0094".repeat(1_990_000) + ".", names)) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      try (TensorFile file = read(pickle.toString())) {
        assertEquals(0, file.entries().size());
      } catch (TensorFileException e) {
        assertTrue(e.getMessage().startsWith("f: a/data.pkl: "), e.getMessage());
      }
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < 1 << 30, () -> allocated + " bytes for " + pickle.subSequence(0, 40));
    }
  }

  @Test
  void namesAreUniqueAndShort() {
    refused("a.b: expected every name once, found it for two tensors", "}(U", 3, "a.b", TENSOR, "U", 1, "a}U", 1, "b", TENSOR, "su.");
    refused("expected texts and whole numbers as keys on the way to a tensor, found a tuple of 1", "}K", 1, 0x85, TENSOR, "s.");
    refused("a: expected texts and whole numbers as keys on the way to a tensor, found the value 1.5", "}G", 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, "}U", 1, "a", TENSOR, "ss.");
    refused("expected names of at most 20000 characters, found one of 20001", "}X", 0x21, 0x4E, 0, 0, "x".repeat(20_001), TENSOR, "s.");
  }

  @Test
  void archivesThatTorchSaveDidNotWrite() throws TensorFileException {
    byte[] pickle = PickleMachineTest.bytes(TENSOR, ".");
    assertEquals("f: zip archive: expected a record NAME/data.pkl as torch.save writes it, found none among 1 records",
        assertThrows(TensorFileException.class, () -> open(new TorchArchive().with("data.pkl", pickle).bytes())).getMessage());
    assertEquals("f: zip archive: expected a record NAME/data.pkl as torch.save writes it, found the records a/data.pkl and b/data.pkl",
        assertThrows(TensorFileException.class, () -> open(new TorchArchive().with("a/data.pkl", pickle).with("b/data.pkl", pickle).bytes())).getMessage());
    assertEquals("f: zip archive: record byteorder: expected little, found big; load and save the file once more on a machine that stores the lowest byte first",
        assertThrows(TensorFileException.class, () -> open(new TorchArchive().with("a/data.pkl", pickle).with("a/byteorder", new byte[] {'b', 'i', 'g'}).bytes()))
            .getMessage());
    // Somebody packed it again.
    byte[] numbers = {0, 0, 0, 0, 0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    try (TensorFile packed = open(new TorchArchive().packed("a/data.pkl", pickle).packed("a/data/0", numbers).bytes())) {
      assertArrayEquals(numbers, TorchSamples.elements(packed.get("tensor")));
    }
  }

  @Test
  void streamsOfOtherContent() {
    assertEquals("f: expected the magic number of torch.save's files, found a pickle of a dictionary of 0; a pickle that torch.save did not write has no tensors that "
        + "can be read here", assertThrows(TensorFileException.class, () -> open(PickleMachineTest.bytes(0x80, 2, "}."))).getMessage());
    byte[] magic = PickleMachineTest.bytes(0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, ".");
    assertEquals("f: expected version 1001 of torch.save's stream, found the value 1002",
        assertThrows(TensorFileException.class, () -> open(PickleMachineTest.bytes(magic, "M", 0xEA, 3, "."))).getMessage());
    byte[] start = PickleMachineTest.bytes(magic, "M", 0xE9, 3, ".}.", TENSOR, ".");
    byte[] data = PickleMachineTest.bytes(6, 0, 0, 0, 0, 0, 0, 0, new byte[24]);
    refusedStream("expected a list of the keys of storages, found None", start, "N.");
    refusedStream("expected keys of storages that tensors are made of, found the text 1", start, "]U", 1, "1a.");
    refusedStream("expected keys of storages that tensors are made of, found the value 0", start, "]K", 0, "a.");
    refusedStream("expected storage 0 after the pickles, found none of that key; the file is damaged", start, "].");
    refusedStream("expected every storage once, found 0 twice", start, "](U", 1, "0U", 1, "0e.", data, data);
    int at = start.length + 6;
    refusedStream("byte " + at + ": expected the length 6 of storage 0 and as many elements of F32, found no length and 0 bytes; the file is cut short or damaged",
        start, "]U", 1, "0a.", new byte[7]);
    refusedStream("byte " + at + ": expected the length 6 of storage 0 and as many elements of F32, found a length of 6 and 23 bytes; the file is cut short or damaged",
        start, "]U", 1, "0a.", Arrays.copyOf(data, 31));
    refusedStream("byte " + at + ": expected the length 6 of storage 0 and as many elements of F32, found a length of -1 and 24 bytes; the file is cut short or damaged",
        start, "]U", 1, "0a.", -1, -1, -1, -1, -1, -1, -1, -1, new byte[24]);
    byte[] twice = PickleMachineTest.bytes(magic, "M", 0xE9, 3, ".}.", TENSOR, MARK_STORAGE, "K", 7, "tQ.");
    assertTrue(assertThrows(TensorFileException.class, () -> open(twice)).getMessage().endsWith("expected storage 0 to have one type and length, found 6 of F32 and 7 "
        + "of F32"));
  }

  private static void refusedStream(String message, Object... parts) {
    assertEquals("f: " + message, assertThrows(TensorFileException.class, () -> open(PickleMachineTest.bytes(parts))).getMessage());
  }
}
