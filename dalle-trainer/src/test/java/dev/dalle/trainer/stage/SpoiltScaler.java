package dev.dalle.trainer.stage;

import dev.dalle.precision.scale.BlockHistograms;
import dev.dalle.precision.scale.Branch;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientTotals;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import java.util.List;
import java.util.Optional;

/** A scaler under which one value of one gradient is something else than it should be: in a resblock, going backwards, or in a parameter's gradient. */
final class SpoiltScaler implements GradientScaler {
  private final GradientScaler scaler;
  private final List<Parameter> parameters;
  private String where = "";
  private float value;

  SpoiltScaler(GradientScaler scaler, List<Parameter> parameters) {
    this.scaler = scaler;
    this.parameters = parameters;
  }

  /** In the updates to come: the name of a resblock or of a parameter; any other for nothing. */
  void spoil(String name, float with) {
    where = name;
    value = with;
  }

  private void spoil(Tensor gradient) {
    gradient.device().ops().fill(gradient.reshape(gradient.elementCount()).slice(gradient.elementCount() / 2, gradient.elementCount() / 2 + 1), value);
  }

  @Override
  public Tensor residual(Tape tape, String block, Tensor x, Branch branch) {
    boolean spoilt = block.equals(where);
    return scaler.residual(tape, block, x, (inner, y) -> {
      Tensor out = branch.apply(inner, y);
      return spoilt ? inner.filterGradient(out, (gradient, into) -> {
        inner.ops().copy(gradient, into);
        spoil(into);
      }) : out;
    });
  }

  @Override
  public Tensor endUpdate(double clipThreshold) {
    for (Parameter parameter : parameters) {
      if (parameter.name().equals(where)) {
        spoil(parameter.gradient());
      }
    }
    return scaler.endUpdate(clipThreshold);
  }

  @Override
  public List<String> blocks() {
    return scaler.blocks();
  }

  @Override
  public double[] scales() {
    return scaler.scales();
  }

  @Override
  public double lossFactor() {
    return scaler.lossFactor();
  }

  @Override
  public GradientVerdict verdict() {
    return scaler.verdict();
  }

  @Override
  public Optional<GradientTotals> totals() {
    return scaler.totals();
  }

  @Override
  public void observe() {
    scaler.observe();
  }

  @Override
  public List<BlockHistograms> histograms() {
    return scaler.histograms();
  }

  @Override
  public List<NamedTensor> state() {
    return scaler.state();
  }

  @Override
  public void checkStored(SafetensorsFile file, String prefix) throws TensorFileException {
    scaler.checkStored(file, prefix);
  }

  @Override
  public void restore() {
    scaler.restore();
  }
}
