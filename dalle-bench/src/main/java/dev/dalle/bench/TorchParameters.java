package dev.dalle.bench;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Our parameters as leaves of libtorch: copies with the same names and values, kernels of convolutions in the channels-last layout. */
final class TorchParameters {
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final Map<String, Tensor> kept = new HashMap<>();
  private final boolean[] decays;

  TorchParameters(ParameterSet parameters) {
    decays = new boolean[parameters.all().size()];
    int next = 0;
    for (Parameter parameter : parameters) {
      Tensor value = Torch.of(DType.F32, parameter.value().toFloats(), parameter.shape().toArray());
      if (parameter.shape().rank() == 4) {
        value = value.contiguous(MemoryFormat.ChannelsLast);
      }
      leaves.put(parameter.name(), value.set_requires_grad(true));
      decays[next++] = parameter.kind() == Parameter.Kind.MATRIX;
    }
  }

  /** All, in the order of our parameters. */
  Map<String, Tensor> leaves() {
    return leaves;
  }

  /** Whether each decays. */
  boolean[] decays() {
    return decays;
  }

  /** One of them. */
  Tensor leaf(String name) {
    Tensor leaf = leaves.get(name);
    if (leaf == null) {
      throw new IllegalArgumentException("no parameter is named " + name);
    }
    return leaf;
  }

  /** One of them in a compute type: converted once a step, and the gradient comes back through the conversion. */
  Tensor value(String name, ScalarType type) {
    return leaf(name).to(type);
  }

  /** Converts one of them to a compute type once and for all, for passes without gradients. Call it outside of any pointer scope. */
  void keep(String name, ScalarType type) {
    kept.computeIfAbsent(name, key -> leaf(key).detach().to(type));
  }

  /** One that was converted by {@link #keep}. */
  Tensor kept(String name) {
    return kept.get(name);
  }
}
