/**
 * Tensors on devices, the operations on them, reverse-mode differentiation, random numbers, and files of tensors: safetensors and PyTorch's.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector --enable-native-access=dev.dalle.bindings}.
 *
 * @uses dev.dalle.tensor.OperationProvider operations that other modules bring, one implementation a kind of device
 */
module dev.dalle.tensor {
  requires dev.dalle.bindings;
  requires jdk.incubator.vector;
  requires org.apache.logging.log4j;
  requires tools.jackson.core;

  exports dev.dalle.tensor;
  exports dev.dalle.tensor.cpu;
  exports dev.dalle.tensor.files;

  uses dev.dalle.tensor.OperationProvider;
}
