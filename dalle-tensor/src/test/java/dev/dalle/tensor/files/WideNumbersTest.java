package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WideNumbersTest {
  private static final long[] NUMBERS = {0, 1, -1, 1L << 32, 0xFFFF_FFFFL, 0x8000_0000L, Long.MIN_VALUE, Long.MAX_VALUE, Double.doubleToRawLongBits(Math.PI),
      Double.doubleToRawLongBits(Double.NaN)};

  @TempDir
  private Path folder;

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(1), OpaqueDevice.open(1));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void throughATensorAndAFile(Device device) throws IOException {
    try (Scope scope = device.newScope()) {
      WideNumbers numbers = WideNumbers.of(scope, "n", NUMBERS.length);
      assertArrayEquals(new long[NUMBERS.length], numbers.read());
      NamedTensor named = numbers.write(NUMBERS);
      assertEquals("n", named.name());
      assertSame(numbers.tensor(), named.tensor());
      assertArrayEquals(NUMBERS, numbers.read());
      WideNumbers none = WideNumbers.of(scope, "none", 0);
      assertArrayEquals(new long[0], none.read());

      Path path = folder.resolve("numbers.safetensors");
      Safetensors.write(path, List.of(new NamedTensor("a.n", numbers.tensor()), new NamedTensor("f", scope.zeros(DType.F32, Shape.of(2, 2))), none.write()),
          Map.of());
      WideNumbers zeros = WideNumbers.of(scope, "n", NUMBERS.length);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertArrayEquals(NUMBERS, zeros.find(file, "a.").orElseThrow());
        assertArrayEquals(new long[NUMBERS.length], zeros.read(), "only looked at");
        assertArrayEquals(new long[0], none.find(file, "").orElseThrow());
        assertEquals(Optional.empty(), zeros.find(file, ""), "no such name");
        assertEquals(Optional.empty(), WideNumbers.of(scope, "n", 3).find(file, "a."), "another number of them");
        assertEquals(Optional.empty(), WideNumbers.of(scope, "f", 2).find(file, ""), "another type");
      }
      assertEquals("n: expected I32[N, 2], got " + zeros.tensor().reshape(2, NUMBERS.length),
          assertThrows(IllegalArgumentException.class, () -> new WideNumbers("n", zeros.tensor().reshape(2, NUMBERS.length))).getMessage());
    }
  }
}
