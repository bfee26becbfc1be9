package dev.dalle.trainer.cli;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import java.util.Locale;
import picocli.CommandLine.Option;

/** {@code --compute}: the type of the products where a trained model is only used. */
final class ComputeOption {
  @Option(names = "--compute", paramLabel = "TYPE", defaultValue = "F32", description = "Type of the products: f32 (default) or bf16.")
  private Compute compute;

  /**
   * The type.
   *
   * @throws CommandException if the device does not compute in it
   */
  DType on(Device device) {
    if (!device.computesIn(compute.dtype())) {
      throw new CommandException("--compute: device " + device.name() + " does not compute in " + compute.name().toLowerCase(Locale.ROOT)
          + " on this machine; leave the option out");
    }
    return compute.dtype();
  }
}
