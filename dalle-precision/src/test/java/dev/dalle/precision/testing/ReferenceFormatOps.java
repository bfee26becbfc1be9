package dev.dalle.precision.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.read;
import static dev.dalle.tensor.testing.ReferenceDevice.write;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.Tensor;
import java.util.Arrays;

/** What packing and unpacking mean: the format's own definition, element by element. */
final class ReferenceFormatOps implements FormatOps {
  @Override
  public void encode(Tensor in, FloatFormat format, Tensor codes) {
    write(codes, Arrays.stream(read(in)).map(format::encode).toArray());
  }

  @Override
  public void decode(Tensor codes, FloatFormat format, Tensor out) {
    write(out, Arrays.stream(read(codes)).map(code -> format.decode((int) code & format.codeCount() - 1)).toArray());
  }
}
