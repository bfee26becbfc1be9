package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads files that are put together here byte by byte, after the format's description. */
class SafetensorsFileTest {
  @TempDir
  private Path folder;

  private Path file(String header, byte... data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return file(text.length, text, data);
  }

  private Path file(long length, byte[] header, byte[] data) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(length).put(header).put(data);
    return Files.write(folder.resolve("f.safetensors"), bytes.array());
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** 1.5 is 0x3FC00000 in F32, 0x3FC0 in BF16 and 0x3E00 in F16; little-endian. The header's order is not that of the data. */
  @Test
  void readsAFileWrittenByHand() throws IOException {
    Path path = file("""
        {"half":{"dtype":"F16","shape":[1],"data_offsets":[6,8]},
        "__metadata__":{"format":"pt","empty":""},
        "single":{"shape":[1,1],"data_offsets":[2,6],"dtype":"F32"},
        "none":{"dtype":"I64","shape":[3,0],"data_offsets":[8,8]},
        "brain":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},
        "count":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},
        "codes":{"dtype":"U16","shape":[2],"data_offsets":[15,19]},
        "\\u00fc/\\"x\\"":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}   \
        """, bytes(0xC0, 0x3F, 0, 0, 0xC0, 0x3F, 0, 0x3E, 0xFE, 0xFF, 0xFF, 0xFF, 1, 2, 255, 1, 0xF0, 0xFF, 0));
    try (SafetensorsFile opened = SafetensorsFile.open(path); Scope scope = new ReferenceDevice().newScope()) {
      assertEquals(path, opened.path());
      assertEquals(Map.of("format", "pt", "empty", ""), opened.metadata());
      assertEquals(List.of("half", "single", "none", "brain", "count", "codes", "ü/\"x\""), opened.entries().stream().map(TensorEntry::name).toList());
      assertEquals(Shape.of(1, 1), opened.get("single").shape());
      assertEquals(StoredType.BF16, opened.get("brain").type());
      for (String name : List.of("half", "single", "brain")) {
        TensorEntry entry = opened.get(name);
        for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
          Tensor tensor = scope.allocate(dtype, entry.shape());
          entry.into(tensor);
          assertArrayEquals(new float[] {1.5f}, tensor.toFloats(), name + " into " + dtype);
        }
      }
      Tensor count = scope.allocate(DType.I32, 1);
      opened.get("count").into(count);
      assertEquals(-2, count.toInts()[0]);
      Tensor codes = scope.allocate(DType.U16, 2);
      opened.get("codes").into(codes);
      assertArrayEquals(new int[] {0xF001, 0x00FF}, codes.toInts());
      refused(path + ": tensor codes: expected F16[2], found U16[2]", () -> opened.get("codes").into(scope.allocate(DType.F16, 2)));
      opened.get("none").into(scope.allocate(DType.I64, 3, 0));
      MemorySegment data = opened.get("ü/\"x\"").data();
      assertArrayEquals(bytes(1, 2, 255), data.toArray(ValueLayout.JAVA_BYTE));
      assertTrue(data.isReadOnly());
      assertTrue(opened.find("other").isEmpty());
      refused(path + ": expected a tensor other, found none of that name among 7", () -> opened.get("other"));
    }
  }

  @Test
  void aFileWithoutTensorsIsAFile() throws IOException {
    try (SafetensorsFile opened = SafetensorsFile.open(file("{}"))) {
      assertEquals(0, opened.entries().size());
      assertTrue(opened.metadata().isEmpty());
    }
  }

  /** Values halfway between two BF16 numbers go to the even one; 1 + 2^-8 is halfway between 1 and 1 + 2^-7. */
  @Test
  void conversionRoundsToNearestEven() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : new float[] {1 + 0x1p-8f, 1 + 0x3p-8f, -0x1.000002p0f, Float.NaN}) {
      data.putFloat(value);
    }
    Path path = file("{\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data.array());
    try (SafetensorsFile opened = SafetensorsFile.open(path); Scope scope = new ReferenceDevice().newScope()) {
      Tensor tensor = scope.allocate(DType.BF16, 4);
      opened.get("x").into(tensor);
      assertArrayEquals(new float[] {1, 1 + 0x1p-6f, -1, Float.NaN}, tensor.toFloats());
    }
  }

  @Test
  void aTensorThatDoesNotFitIsRefused() throws IOException {
    Path path = file("{\"x\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}", new byte[8]);
    try (SafetensorsFile opened = SafetensorsFile.open(path); Scope scope = new ReferenceDevice().newScope()) {
      refused(path + ": tensor x: expected F32[2, 1], found F32[1, 2]", () -> opened.get("x").into(scope.allocate(DType.F32, 2, 1)));
      refused(path + ": tensor x: expected I32[1, 2], found F32[1, 2]", () -> opened.get("x").into(scope.allocate(DType.I32, 1, 2)));
    }
  }

  @Test
  void closedFilesGiveNothingMore() throws IOException {
    SafetensorsFile opened = SafetensorsFile.open(file("{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", (byte) 1));
    TensorEntry entry = opened.get("x");
    opened.close();
    opened.close();
    assertThrows(IllegalStateException.class, () -> entry.data().get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void damagedBeginnings() throws IOException {
    assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(folder.resolve("missing")));
    Path path = Files.write(folder.resolve("f.safetensors"), new byte[7]);
    refusedOpening(path, "expected at least 8 bytes of a safetensors file, found 7");
    refusedOpening(Files.write(path, new byte[0]), "expected at least 8 bytes of a safetensors file, found 0");
    refusedOpening(file(100_000_001, bytes('{', '}'), new byte[0]),
        "expected a header of at most 100000000 bytes, found a length of 100000001; this is not a safetensors file, or it is damaged");
    refusedOpening(file(-1, bytes('{', '}'), new byte[0]),
        "expected a header of at most 100000000 bytes, found a length of 18446744073709551615; this is not a safetensors file, or it is damaged");
    refusedOpening(file(3, bytes('{', '}'), new byte[0]), "expected a header of 3 bytes, found only 2; the file is cut short");
    refusedOpening(file(0, bytes(), new byte[0]), "expected a header that begins with '{', found an empty one");
    refusedOpening(file(" {}"), "expected a header that begins with '{', found byte 32");
    refusedOpening(file("{}\n"), "expected a header that ends with '}' and spaces, found character 10 at its end");
    refusedOpening(file(3, bytes('{', 0xFF, '}'), new byte[0]), "header: expected UTF-8, found bytes that are not");
  }

  @Test
  void headersThatAreNotOneJsonObject() throws IOException {
    String message = messageOfOpening(file("{\"x\":{\"dtype\":}"));
    assertTrue(message.contains("f.safetensors: header: expected JSON, found an error at character "), message);
    message = messageOfOpening(file("{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}", (byte) 1));
    assertTrue(message.contains("f.safetensors: header: expected JSON, found an error at character "), "an object is left open: " + message);
    refusedOpening(file("{}{}"), "header: expected one JSON object, found START_OBJECT after it");
  }

  /** A header with one tensor of this description over eight bytes of data, and what is said about it. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "3|tensor x: expected an object, found a whole number",
      "{'dtype':'F32','shape':[2]}|tensor x: expected dtype, shape and data_offsets, found no data_offsets",
      "{'dtype':'F32','data_offsets':[0,8]}|tensor x: expected dtype, shape and data_offsets, found no shape",
      "{'shape':[2],'data_offsets':[0,8]}|tensor x: expected dtype, shape and data_offsets, found no dtype",
      "{'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]}|tensor x: expected dtype once, found it twice",
      "{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}|tensor x: expected shape once, found it twice",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8],'data_offsets':[0,8]}|tensor x: expected data_offsets once, found it twice",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8],'z':1}|tensor x: expected dtype, shape and data_offsets, found z",
      "{'dtype':'C64','shape':[1],'data_offsets':[0,8]}"
          + "|tensor x: dtype: expected one of [F64, F32, F16, BF16, I64, I32, I16, I8, U8, U16, BOOL], found C64",
      "{'dtype':1,'shape':[1],'data_offsets':[0,8]}|tensor x: dtype: expected a text, found a whole number",
      "{'dtype':'F32','shape':2,'data_offsets':[0,8]}|tensor x: shape: expected an array, found a whole number",
      "{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}|tensor x: shape: expected a whole number, found a number with a fraction or exponent",
      "{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}|tensor x: shape: expected a whole number, found a text",
      "{'dtype':'F32','shape':[null],'data_offsets':[0,8]}|tensor x: shape: expected a whole number, found null",
      "{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}|tensor x: shape: expected numbers of at least 0, found -2",
      "{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,8]}|tensor x: shape: expected numbers below 2^63, found 9223372036854775808",
      "{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,8]}"
          + "|tensor x: shape: expected fewer than 2^63 elements, found [4294967296, 4294967296]",
      "{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,8]}"
          + "|tensor x: shape: expected a size below 2^63 bytes, found F32[4611686018427387904]",
      "{'dtype':'F32','shape':[2],'data_offsets':[0]}|tensor x: data_offsets: expected 2 numbers, found [0]",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8,8]}|tensor x: data_offsets: expected 2 numbers, found [0, 8, 8]",
      "{'dtype':'F32','shape':[2],'data_offsets':[8,0]}|tensor x: data_offsets: expected a range inside the 8 bytes of data, found [8, 0]",
      "{'dtype':'F32','shape':[3],'data_offsets':[0,12]}"
          + "|tensor x: data_offsets: expected a range inside the 8 bytes of data, found [0, 12]; the file is cut short or damaged",
      "{'dtype':'F32','shape':[3],'data_offsets':[0,8]}|tensor x: data_offsets: expected 12 bytes for F32[3], found 8 in [0, 8]",
      "{'dtype':'F32','shape':[1],'data_offsets':[0,4]}|expected 4 bytes of data as the header says, found 8",
      "{'dtype':'F32','shape':[1],'data_offsets':[4,8]}"
          + "|tensor x: expected to begin at byte 0 of the data, found 4: a hole of 4 bytes",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'x':{'dtype':'F32','shape':[0],'data_offsets':[8,8]}"
          + "|expected every name once in the header, found x twice",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'y':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}"
          + "|tensor y: expected to begin at byte 8 of the data or later, found 4, which is inside tensor x",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'__metadata__':[]|__metadata__: expected an object, found an array",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'__metadata__':{'k':true}|__metadata__: k: expected a text, found a truth value",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'__metadata__':{'k':'','k':''}|__metadata__: expected every key once, found k twice",
      "{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'__metadata__':{},'__metadata__':{}"
          + "|expected every name once in the header, found __metadata__ twice"})
  void headersThatContradictTheFormatOrTheFile(String description, String message) throws IOException {
    refusedOpening(file(("{'x':" + description + "}").replace('\'', '"'), new byte[8]), message);
  }

  /** Whatever byte of the header is changed, opening gives an answer or one of our own errors, and never another kind of failure. */
  @Test
  void anyFlippedByteIsEitherHarmlessOrAnErrorOfOurs() throws IOException {
    byte[] good = Files.readAllBytes(file(
        "{\"__metadata__\":{\"k\":\"v\"},\"x\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]}}", new byte[4]));
    int refused = 0;
    for (int at = 0; at < good.length - 4; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = good.clone();
        damaged[at] ^= (byte) (1 << bit);
        Path path = Files.write(folder.resolve("f.safetensors"), damaged);
        try (SafetensorsFile opened = SafetensorsFile.open(path)) {
          assertEquals(1, opened.entries().size());
        } catch (TensorFileException e) {
          assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
          refused++;
        }
      }
    }
    // Names and metadata may be changed unnoticed; lengths, punctuation, keys, types and numbers may not.
    assertTrue(refused > 8 * 60, "only " + refused);
  }

  @Test
  void everyCutIsNoticed() throws IOException {
    byte[] good = Files.readAllBytes(file("{\"x\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]}}", new byte[4]));
    for (int length = 0; length < good.length; length++) {
      Path path = Files.write(folder.resolve("f.safetensors"), java.util.Arrays.copyOf(good, length));
      assertFalse(messageOfOpening(path).isEmpty());
    }
    refusedOpening(Files.write(folder.resolve("f.safetensors"), java.util.Arrays.copyOf(good, good.length + 1)),
        "expected 4 bytes of data as the header says, found 5");
  }

  private interface Reading {
    void run() throws IOException;
  }

  private static void refused(String message, Reading reading) {
    assertEquals(message, assertThrows(TensorFileException.class, reading::run).getMessage());
  }

  private static String messageOfOpening(Path path) {
    return assertThrows(TensorFileException.class, () -> SafetensorsFile.open(path)).getMessage();
  }

  private static void refusedOpening(Path path, String message) {
    assertEquals(path + ": " + message, messageOfOpening(path));
  }
}
