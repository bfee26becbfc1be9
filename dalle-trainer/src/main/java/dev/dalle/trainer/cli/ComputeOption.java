package dev.dalle.trainer.cli;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import java.util.Locale;
import picocli.CommandLine.Option;

/** {@code --compute}: the type of the products where a trained model is only used. */
final class ComputeOption {
  @Option(names = "--compute", paramLabel = "TYPE", defaultValue = "F32", description = "Type of the products: f32 (default), bf16 or f16.")
  private Compute compute;

  /** What was given, or 32-bit floats. */
  Compute compute() {
    return compute;
  }

  /**
   * The type.
   *
   * @throws CommandException if the device does not compute in it
   */
  DType on(Device device) {
    return on(device, compute, "--compute", "leave the option out");
  }

  /**
   * A type that something else asks for.
   *
   * @param asking what it is, for the message
   * @param remedy what to do, for the message
   * @throws CommandException if the device does not compute in it
   */
  static DType on(Device device, Compute compute, String asking, String remedy) {
    if (!device.computesIn(compute.dtype())) {
      throw new CommandException(asking + ": device " + device.name() + " does not compute in " + compute.name().toLowerCase(Locale.ROOT)
          + " on this machine; " + remedy);
    }
    return compute.dtype();
  }
}
