package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle decode}: tokens to picture files. */
@Command(
    name = "decode",
    description = "Turn tokens, as encode writes them, into PNG pictures.",
    footer = {"", "Example:", "  dalle decode cat.json --out cat-again.png"})
final class DecodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private CodecOptions dvae;

  @Option(
      names = "--out",
      paramLabel = "PICTURE.png",
      required = true,
      description = "Where the picture goes; several become PICTURE-1.png, PICTURE-2.png and so on.")
  private Path out;

  @Parameters(paramLabel = "TOKENS.json", description = "The tokens.")
  private Path file;

  @Override
  public Integer call() throws IOException {
    TokenFile tokens = TokenFile.read(file);
    PrintWriter printer = spec.commandLine().getOut();
    try (PictureCodec codec = dvae.open(DvaeNetwork.DECODER)) {
      tokens.checkFits(codec.config(), file);
      List<TokenGrid> grids = tokens.grids();
      AtomicInteger number = new AtomicInteger();
      codec.decode(grids, picture -> {
        Path target = grids.size() == 1 ? out : numbered(number.incrementAndGet());
        PictureFiles.writePng(picture, target);
        printer.println(target);
      });
    }
    return 0;
  }

  private Path numbered(int number) {
    String name = out.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0
        ? out.resolveSibling(name.substring(0, dot) + "-" + number + name.substring(dot))
        : out.resolveSibling(name + "-" + number);
  }
}
