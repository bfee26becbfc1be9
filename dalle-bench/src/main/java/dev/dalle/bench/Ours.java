package dev.dalle.bench;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Our side's device and tensors. */
final class Ours {
  private static final class Holder {
    static final Device DEVICE = Device.cpu(Settings.threads());
  }

  private Ours() {}

  /** The one device of the process; made when our side is first used, so that a process that measures libtorch loads libtorch first. */
  static Device device() {
    return Holder.DEVICE;
  }

  /** A tensor of given numbers, rounded to the type. */
  static Tensor of(Scope scope, DType dtype, float[] values, long... dims) {
    Tensor tensor = scope.allocate(dtype, dims);
    tensor.write(values);
    return tensor;
  }

  /** Runs operations on tensors of a scope. */
  static Formulation of(Scope scope, Runnable body, Tensor... outputs) {
    return new Formulation() {
      @Override
      public void run() {
        body.run();
        device().synchronize();
      }

      @Override
      public List<float[]> results() {
        run();
        List<float[]> results = new ArrayList<>();
        for (Tensor output : outputs) {
          results.add(output.toFloats());
        }
        return results;
      }

      @Override
      public void close() {
        scope.close();
      }
    };
  }
}
