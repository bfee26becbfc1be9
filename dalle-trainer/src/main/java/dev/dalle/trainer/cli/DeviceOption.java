package dev.dalle.trainer.cli;

import dev.dalle.bindings.LibraryReport;
import dev.dalle.bindings.NativeLibraries;
import dev.dalle.tensor.Device;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --device}: what computes. Without it the best device there is. */
final class DeviceOption {

  private static final String CPU = "cpu";
  private static final Pattern NAME = Pattern.compile("cpu|cuda:\\d{1,4}");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  private String device;

  @Option(names = "--device", paramLabel = "NAME", description = "Compute on cpu or cuda:N; by default on the best there is.")
  void device(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new ParameterException(mixee.commandLine(), "--device: expected cpu or cuda:N, found '" + name + "'");
    }
    device = name;
  }

  Optional<String> device() {
    return Optional.ofNullable(device);
  }

  /** Fails for a device that there is not; worth asking before work begins. */
  void check() {
    device().filter(name -> !name.equals(CPU)).ifPresent(name -> {
      throw new ParameterException(mixee.commandLine(), "--device: there is no " + name + " here; there is " + CPU);
    });
  }

  /**
   * The device.
   *
   * @param threads of the processor
   * @throws CommandException if its library cannot be used on this machine
   */
  Device open(int threads) {
    check();
    // Asked first: a library that fails inside a class's initialisation gives its reason only once.
    if (NativeLibraries.oneDnn() instanceof LibraryReport.Unusable unusable) {
      throw new CommandException(unusable.message());
    }
    return Device.cpu(threads);
  }
}
