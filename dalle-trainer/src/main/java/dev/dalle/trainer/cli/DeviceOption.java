package dev.dalle.trainer.cli;

import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --device}: what computes. Without it the best device there is. */
final class DeviceOption {

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
}
