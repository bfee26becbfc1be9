package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.trainer.picture.ContactSheet;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.picture.PictureFloats;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle reconstruct}: pictures beside what their tokens keep of them. */
@Command(
    name = "reconstruct",
    description = "Show pictures beside their reconstructions from tokens, one row a picture, and say how close they come.",
    footer = {"", "Examples:", "  dalle reconstruct cat.png dog.png --out both.png", "  dalle reconstruct holiday.jpg --whole --out holiday.png",
      "  dalle reconstruct cat.png --weights encoder.pkl --weights decoder.pkl --out cat-again.png"})
final class ReconstructCommand implements Callable<Integer> {
  private static final int GAP = 4;

  @Spec private CommandSpec spec;
  @Mixin private CodecOptions dvae;
  @Mixin private WholeOption whole;
  @Mixin private JsonOption json;

  @Option(names = "--out", paramLabel = "SHEET.png", required = true, description = "Where the sheet goes: original left, reconstruction right.")
  private Path out;

  @Parameters(arity = "1..*", paramLabel = "PICTURE", description = "PNG, JPEG, WebP or GIF files.")
  private List<Path> files;

  /** How close a reconstruction comes. */
  private record Closeness(Path file, double psnr, long codes, int tokens) {
    Map<String, Object> values() {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("picture", file.toString());
      values.put("psnr", psnr);
      values.put("codes", codes);
      values.put("tokens", tokens);
      return values;
    }
  }

  @Override
  public Integer call() throws IOException {
    List<Closeness> results = new ArrayList<>();
    try (PictureCodec codec = dvae.open(DvaeNetwork.ENCODER, DvaeNetwork.DECODER)) {
      List<Picture> originals = files.stream().map(file -> whole.read(file, codec.config())).toList();
      List<TokenGrid> grids = codec.encode(originals.stream());
      List<Picture> again = new ArrayList<>();
      codec.decode(grids, again::add);
      List<Picture> sheet = new ArrayList<>();
      for (int i = 0; i < originals.size(); i++) {
        sheet.add(originals.get(i));
        sheet.add(again.get(i));
        int[] ids = grids.get(i).ids();
        results.add(new Closeness(files.get(i), psnr(originals.get(i), again.get(i)), Arrays.stream(ids).distinct().count(), ids.length));
      }
      PictureFiles.writePng(ContactSheet.of(sheet, 2, GAP), out);
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json.json()) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("sheet", out.toString());
      values.put("pictures", results.stream().map(Closeness::values).toList());
      printer.println(JsonText.of(values));
    } else {
      printer.println(out);
      results.forEach(result -> printer.println(String.format(Locale.ROOT, "  %s: %.2f dB, %d different codes in %d tokens", result.file(), result.psnr(),
          result.codes(), result.tokens())));
    }
    return 0;
  }

  /** Peak signal-to-noise ratio in dB for a peak of 1, of the pictures as they are written. */
  private static double psnr(Picture original, Picture again) {
    float[] a = PictureFloats.of(List.of(original));
    float[] b = PictureFloats.of(List.of(again));
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += ((double) a[i] - b[i]) * (a[i] - b[i]);
    }
    return -10 * Math.log10(squares / a.length);
  }
}
