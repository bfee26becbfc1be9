package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.OptionalDouble;
import java.util.Random;

/** Models small enough for central differences. */
final class TestModels {
  private TestModels() {}

  /** 8 x 8 pixels, 4 x 4 tokens of 5 codes, every departure from the paper switched on. */
  static DvaeConfig tiny() {
    return new DvaeConfig(8, 4, 2, 2, 5, 3, 0.5, 4, Math.sqrt(2), 1.1, 0.5, 2, OptionalDouble.of(-3));
  }

  /** The same with average pooling and 3 x 3 convolutions around the code. */
  static DvaeConfig tinyVariant() {
    return tiny().withVariant(new NetworkVariant(NetworkVariant.Pooling.AVERAGE, 3));
  }

  static Dvae initialised(Scope scope, DvaeConfig config, long seed) {
    Dvae dvae = new Dvae(scope, config);
    dvae.initialise(seed);
    return dvae;
  }

  /**
   * As {@link #tiny}, with other numbers of groups and blocks, and biases: with those of 0 and few channels, much of a picture dies in a ReLU and the reach
   * of a network cannot be seen.
   */
  static Dvae reaching(Scope scope, int groups, int blocks) {
    DvaeConfig config = new DvaeConfig(1 << groups, 8, groups, blocks, 7, 5, 0.5, 4, Math.sqrt(2), 1.1, 0.7, 2, OptionalDouble.of(-3));
    Dvae dvae = initialised(scope, config, 3);
    dvae.parameters().stream().filter(p -> p.name().endsWith(".b"))
        .forEach(p -> scope.device().ops().normal(9, Philox.stream(p.name().hashCode()), 0.2, p.value()));
    return dvae;
  }

  /** Random pixels in [0, 1], written without rounding on a reference device. */
  static Tensor pixels(Scope scope, DvaeConfig config, int batch, long seed) {
    return pixels(scope, batch, config.imageSize(), config.imageSize(), seed);
  }

  /** The same of any size. */
  static Tensor pixels(Scope scope, int batch, int height, int width, long seed) {
    Tensor pixels = scope.allocate(DType.F32, batch, height, width, DvaeConfig.CHANNELS);
    double[] values = new Random(seed).doubles(pixels.elementCount()).toArray();
    if (scope.device() instanceof ReferenceDevice) {
      ReferenceDevice.write(pixels, values);
    } else {
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values[i];
      }
      pixels.write(floats);
    }
    return pixels;
  }
}
