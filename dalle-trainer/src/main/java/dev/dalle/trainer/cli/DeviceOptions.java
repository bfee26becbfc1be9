package dev.dalle.trainer.cli;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraries;
import dev.dalle.tensor.Device;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --device} and {@code --threads}: what computes. */
final class DeviceOptions {
  private static final String CPU = "cpu";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--device", paramLabel = "DEVICE", defaultValue = CPU, description = "What computes: cpu (default).")
  private String name;

  @Mixin private ThreadsOption threads;

  /** The number of threads that was given, if one was. */
  Optional<Integer> threads() {
    return threads.given();
  }

  /**
   * The device.
   *
   * @param count its threads
   * @throws CommandException if its library cannot be used on this machine
   */
  Device open(int count) {
    check();
    // Asked first: a library that fails inside a class's initialisation gives its reason only once.
    if (NativeLibraries.oneDnn() instanceof LibraryReport.Unusable unusable) {
      throw new CommandException(unusable.message());
    }
    return Device.cpu(count);
  }

  /** The device with the number of threads that was given, or one for each processor. */
  Device open() {
    return open(threads.orAllProcessors());
  }

  /** Fails for a device that does not exist; worth asking before work begins. */
  void check() {
    if (!name.equals(CPU)) {
      throw new ParameterException(command.commandLine(), "--device: there is no '" + name + "'; there is " + CPU);
    }
  }
}
