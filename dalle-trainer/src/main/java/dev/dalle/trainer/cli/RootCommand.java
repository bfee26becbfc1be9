package dev.dalle.trainer.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code dalle}: the root of the command tree. By itself it does nothing but ask for a command. */
@Command(
    name = "dalle",
    versionProvider = RootCommand.Version.class,
    description = "Trains, samples and measures a DALL-E (arXiv 2102.12092).",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Every command has --help. Exit status: 0 done, 1 failed, 2 misused."},
    subcommands = {
      DemoCommand.class,
      TestCommand.class,
      DataCommand.class,
      TokenizerCommand.class,
      TrainCommand.class,
      EncodeCommand.class,
      DecodeCommand.class,
      ReconstructCommand.class,
      TokenizeImagesCommand.class,
      GenerateCommand.class,
      CompleteCommand.class,
      AttentionCommand.class,
      PrecisionCommand.class,
      ConvertCommand.class,
      ExperimentCommand.class,
      DoctorCommand.class,
      CompletionCommand.class
    })
final class RootCommand implements Runnable {

  static final String VERBOSE = "--verbose";

  @Spec private CommandSpec spec;

  @Option(
      names = VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Show debug logs and, when something fails, the stack trace.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and exit.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version and exit.")
  private boolean version;

  /** Whether the stack trace of a failure is wanted. */
  boolean verbose() {
    return verbose || Boolean.getBoolean("dalle.debug");
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** The version in the module descriptor; on the class path, where there is none, it says so. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version =
          java.util.Optional.ofNullable(RootCommand.class.getModule().getDescriptor())
              .flatMap(java.lang.module.ModuleDescriptor::rawVersion)
              .orElse("(not run as a module)");
      return new String[] {"dalle " + version, "Java " + Runtime.version()};
    }
  }
}
