package dev.dalle.trainer.cli;

import dev.dalle.precision.format.FloatFormat;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The first parameter of the commands about formats. */
final class FormatParameter {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Parameters(index = "0", paramLabel = "FORMAT", description = "1-6-9, 0-6-10, fp16, bf16, e4m3 or e5m2.")
  private String name;

  /** The format. */
  FloatFormat format() {
    try {
      return FloatFormat.named(name);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(mixee.commandLine(), e.getMessage(), e);
    }
  }
}
