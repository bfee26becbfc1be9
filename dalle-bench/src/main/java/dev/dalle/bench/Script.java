package dev.dalle.bench;

import java.util.List;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A function in libtorch's script language. This is the way to operations whose names begin with an underscore, the fused and the multi-tensor ones among
 * them: the Java presets leave those out.
 */
final class Script {
  private final CompilationUnit unit;
  private final Function function;
  private final Function emptyList;

  /**
   * Compiles.
   *
   * @param name of the function
   * @param source {@code def name(...): ...}
   */
  Script(String name, String source) {
    unit = torch.compile(source + """

        def empty_list() -> List[Tensor]:
          tensors: List[Tensor] = []
          return tensors
        """);
    function = unit.get_function(new QualifiedName(name));
    emptyList = unit.get_function(new QualifiedName("empty_list"));
  }

  /** A list of tensors as an argument. */
  IValue list(List<Tensor> tensors) {
    // A copy: the compiler makes the script's empty list a constant, the same object at every call.
    GenericList list = emptyList.apply(new IValueVector()).toList().copy();
    tensors.forEach(tensor -> list.push_back(new IValue(tensor)));
    return new IValue(list);
  }

  /** Calls the function. */
  IValue call(IValue... arguments) {
    return function.apply(new IValueVector(arguments));
  }
}
