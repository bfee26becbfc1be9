package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle encode}: picture files to tokens. */
@Command(
    name = "encode",
    description = "Turn pictures into a dVAE's tokens, as JSON. A picture's middle square is taken, brought to the model's side, or with --whole all of it.",
    footer = {"", "Examples:", "  dalle encode cat.png --out cat.json", "  dalle encode holiday.jpg --whole --out holiday.json", "  dalle encode cat.png --weights encoder.pkl"})
final class EncodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private CodecOptions dvae;
  @Mixin private WholeOption whole;

  @Option(names = "--out", paramLabel = "FILE.json", description = "Where the tokens go, in place of standard output.")
  private Optional<Path> out = Optional.empty();

  @Parameters(arity = "1..*", paramLabel = "PICTURE", description = "PNG, JPEG, WebP or GIF files.")
  private List<Path> files;

  @Override
  public Integer call() throws IOException {
    PrintWriter printer = spec.commandLine().getOut();
    try (PictureCodec codec = dvae.open(DvaeNetwork.ENCODER)) {
      List<TokenGrid> grids = codec.encode(files.stream().map(file -> whole.read(file, codec.config())));
      String json = ConfigJson.write(TokenFile.of(codec.config(), files.stream().map(Path::toString).toList(), grids));
      if (out.isPresent()) {
        AtomicFiles.writeString(out.get(), json);
        printer.println(out.get());
      } else {
        printer.print(json);
      }
    }
    return 0;
  }
}
