package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.NetworkVariant;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.StateDict;
import dev.dalle.tensor.files.StoredType;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TorchFile;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of other programs: converted, and used by the commands of the dVAE. */
class ConvertCommandTest {
  private static final Path MODULES = Path.of("").toAbsolutePath().getParent();
  /** Small models of the published form that PyTorch wrote. */
  private static final Path PUBLISHED = MODULES.resolve("dalle-dvae/src/test/resources/dev/dalle/dvae/published");
  private static final Path ENCODER = PUBLISHED.resolve("encoder.pkl");
  private static final Path DECODER = PUBLISHED.resolve("decoder.pkl");
  private static final Path TORCH = MODULES.resolve("dalle-tensor/src/test/resources/dev/dalle/tensor/files/torch-2.6");

  @TempDir Path folder;
  private Path photo;

  @BeforeEach
  void picture() {
    byte[] rgb = new byte[256 * 272 * 3];
    new Random(3).nextBytes(rgb);
    photo = folder.resolve("photo.png");
    PictureFiles.writePng(new Picture(256, 272, rgb), photo);
  }

  private static List<String> names(Path path) throws IOException {
    try (TensorFile file = TensorFile.open(path)) {
      return file.entries().stream().map(TensorEntry::name).toList();
    }
  }

  private List<String> lines(Object... args) {
    return Cli.lines(args);
  }

  @Test
  void publishedWeightsToOneFileOfOurs() throws IOException {
    Path both = folder.resolve("deep/dvae.safetensors");
    assertEquals(List.of(both + ": dVAE of 4 groups of 2 blocks, width 4, 10 codes, 21,021 parameters"), lines("convert", DECODER, ENCODER, both));
    assertEquals(DvaeConfig.plain(256, 4, 4, 2, 10, 3), ModelFiles.readDvaeConfig(both));
    assertEquals("encoder.blocks.input.w", names(both).getFirst());
    try (Scope scope = Device.cpu(1).newScope()) {
      Dvae dvae = ModelFiles.readDvae(both, scope);
      try (TensorFile file = TensorFile.open(DECODER)) {
        assertEquals(Shape.of(3, 10, 1, 1), file.get("blocks.input.w").shape());
        NamedTensor read = new NamedTensor("", scope.allocate(DType.F32, 3, 10, 1, 1));
        file.get("blocks.input.w").into(read.tensor());
        assertArrayEquals(read.tensor().toFloats(), dvae.parameters().get("decoder.blocks.input.w").value().toFloats());
      }
    }
    // What every form of the weights makes of a picture is the same.
    String tokens = String.join("\n", lines("encode", photo, "--weights", both));
    assertTrue(tokens.contains("\"vocabulary\" : 10"), tokens);
    Path json = Files.writeString(folder.resolve("tokens.json"), tokens);
    Path picture = folder.resolve("again.png");
    lines("decode", json, "--weights", both, "--out", picture);
    Picture again = PictureFiles.read(picture);
    assertEquals("Picture[256 x 256]", again.toString());
    assertEquals(tokens, String.join("\n", lines("encode", photo, "--weights", ENCODER)));
    lines("decode", json, "--weights", DECODER, "--out", picture);
    assertEquals(again, PictureFiles.read(picture));

    Path torch = folder.resolve("dvae.pt");
    Path back = folder.resolve("back.safetensors");
    lines("convert", both, torch);
    lines("convert", torch, back);
    assertArrayEquals(Files.readAllBytes(both), Files.readAllBytes(back));
    Path sheet = folder.resolve("sheet.png");
    String reconstructed = null;
    for (List<Path> files : List.of(List.of(both), List.of(torch), List.of(ENCODER, DECODER), List.of(DECODER, ENCODER))) {
      List<Object> args = new ArrayList<>(List.of("reconstruct", photo, "--out", sheet));
      files.forEach(file -> args.addAll(List.of("--weights", file)));
      String line = lines(args.toArray()).getLast();
      assertEquals(reconstructed == null ? line : reconstructed, line);
      reconstructed = line;
    }
  }

  @Test
  void oneNetwork() throws IOException {
    Path torch = folder.resolve("encoder.PT");
    Cli result = Cli.run("convert", ENCODER, torch);
    assertEquals(torch + ": encoder of 4 groups of 2 blocks, width 4, 10 codes, 10,208 parameters\n", result.out());
    assertEquals("", result.err());
    try (TensorFile file = TensorFile.open(torch)) {
      assertTrue(file instanceof TorchFile);
    }
    assertEquals(names(ENCODER), names(torch));
    Path both = folder.resolve("both.pth");
    lines("convert", ENCODER, DECODER, both);
    Path only = folder.resolve("decoder.safetensors");
    String json = String.join("\n", lines("convert", both, only, "--only", "decoder", "--json"));
    assertTrue(json.contains("\"holds\" : \"decoder\"") && json.contains("\"tensors\" : 76") && json.contains("\"parameters\" : 10813"), json);
    assertEquals(names(DECODER), names(only));
    try (SafetensorsFile file = SafetensorsFile.open(only)) {
      assertEquals(Map.of("format", "pt"), file.metadata());
    }
    String tokens = String.join("\n", lines("encode", photo, "--weights", ENCODER));
    assertEquals(tokens, String.join("\n", lines("encode", photo, "--weights", torch)));

    assertEquals("--only: expected decoder, found only the other network in " + ENCODER, Cli.failure("convert", ENCODER, folder.resolve("x.pt"), "--only",
        "decoder"));
    assertEquals(ENCODER + ": holds no decoder, which this command needs; give two files with --weights, or put both networks into one file with dalle convert",
        Cli.failure("reconstruct", photo, "--weights", ENCODER, "--out", folder.resolve("x.png")));
    assertTrue(Cli.failure("encode", photo, "--weights", DECODER).startsWith(DECODER + ": holds no encoder, which this command needs"));
    assertFalse(Files.exists(folder.resolve("x.pt")) || Files.exists(folder.resolve("x.png")));
  }

  /** A model of ours that departs from the published ones keeps its configuration in our file only. */
  @Test
  void modelsThatDepartFromThePublishedOnes() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    DvaeConfig config = new DvaeConfig(16, 8, 2, 1, 32, 8, 0.5, 6, 1, 1, 0.5, 16, OptionalDouble.of(-1),
        Optional.of(new NetworkVariant(NetworkVariant.Pooling.AVERAGE, 3)));
    try (Scope scope = Device.cpu(1).newScope()) {
      Dvae dvae = new Dvae(scope, config);
      dvae.initialise(4);
      ModelFiles.writeDvae(run.resolve("dvae.safetensors"), dvae);
    }
    Path ours = folder.resolve("copy.safetensors");
    Cli result = Cli.run("convert", run, ours);
    assertEquals(0, result.status());
    assertEquals("", result.err());
    assertArrayEquals(Files.readAllBytes(run.resolve("dvae.safetensors")), Files.readAllBytes(ours));
    Path torch = folder.resolve("torch.pt");
    assertEquals("dalle: this model departs from the published ones, which " + torch + " cannot say: mapped pixels x go into its encoder as 6.0 (x - 0.5), and its"
        + " post_gain is 0.5, not 1 / 4, and its encoder halves its grid by means, not by the greatest; who loads it must do the same\n", Cli.run("convert", run, torch).err());
  }

  @Test
  void tensorsOfOtherModels() throws IOException {
    Path safe = folder.resolve("kinds.safetensors");
    assertEquals(List.of(safe + ": 17 tensors"), lines("convert", TORCH.resolve("kinds-stream.pt"), safe));
    try (TensorFile from = TensorFile.open(TORCH.resolve("kinds.pt")); TensorFile to = TensorFile.open(safe)) {
      assertEquals(StoredType.F64, to.get("float64").type());
      assertEquals(StoredType.BOOL, to.get("bool").type());
      for (TensorEntry entry : from.entries()) {
        assertEquals(-1, entry.data().mismatch(to.get(entry.name()).data()), entry.name());
      }
    }
    Path torch = folder.resolve("kinds.pt");
    lines("convert", safe, torch);
    assertEquals(names(safe), names(torch));

    Path model = folder.resolve("model.safetensors");
    assertEquals(List.of(model + ": 2 tensors"), lines("convert", TORCH.resolve("nested.pth"), model, "--entry", "model"));
    assertEquals(List.of("weight", "bias"), names(model));
    assertTrue(Cli.failure("convert", TORCH.resolve("nested.pth"), model, "--entry", "modl").startsWith(TORCH.resolve("nested.pth")
        + ": expected tensors under the entry modl, found none; its entries are model, optimizer, "));
    assertEquals(TORCH.resolve("none.pt") + ": expected tensors, found none", Cli.failure("convert", TORCH.resolve("none.pt"), model));

    // A file that has names of a dVAE without being one.
    Path wrong = folder.resolve("wrong.pt");
    try (TensorFile file = TensorFile.open(ENCODER)) {
      StateDict.copy(wrong, file.entries().stream().filter(entry -> !entry.name().equals("blocks.input.b")).toList());
    }
    byte[] before = Files.readAllBytes(model);
    assertEquals(wrong + ": 1 tensor does not fit an encoder of 4 groups of 2 blocks, width 4, 10 codes; is it the file of another architecture? --plain copies its"
        + " tensors as they are. blocks.input.b: expected F32[4], found none", Cli.failure("convert", wrong, model));
    assertArrayEquals(before, Files.readAllBytes(model));
    assertEquals(List.of(model + ": 73 tensors"), lines("convert", wrong, model, "--plain"));
    assertTrue(Cli.failure("encode", photo, "--weights", model).startsWith(model + ": 1 tensor does not fit an encoder"));
  }

  @Test
  void misuse() throws IOException {
    Path out = folder.resolve("x.safetensors");
    assertEquals("OUT: expected a name that ends in .safetensors, .pt or .pth, got weights.bin", Cli.misuse("convert", ENCODER, "weights.bin"));
    assertEquals("OUT: expected a name that ends in .safetensors, .pt or .pth, got w.pkl; a .pkl is a layer of Python, of which a .pt holds the weights",
        Cli.misuse("convert", ENCODER, "w.pkl"));
    assertEquals("OUT: expected a file, got the folder " + folder, Cli.misuse("convert", ENCODER, folder));
    assertEquals("--plain: expected one file and no --only, which is for the networks of a dVAE", Cli.misuse("convert", ENCODER, DECODER, out, "--plain"));
    assertEquals("OUT: expected what is read and last the file to be written, got " + ENCODER + " alone", Cli.misuse("convert", ENCODER));
    assertEquals("no such file or folder: " + folder.resolve("none.pt"), Cli.failure("convert", folder.resolve("none.pt"), out));
    assertEquals(folder + ": expected a run's folder with the file dvae.safetensors, found none; name files of weights instead",
        Cli.failure("convert", folder, out));
    Path text = Files.writeString(folder.resolve("text.pt"), "no weights at all");
    assertTrue(Cli.failure("convert", text, out).startsWith(text + ": expected a file of safetensors or of torch.save, found bytes 6e 6f"));
    assertEquals(text + ": cannot be read and written at once; give OUT another name", Cli.failure("convert", text, text));
    assertEquals(TORCH.resolve("alone.pt") + ": expected the weights of a discrete VAE, with names such as encoder.blocks.input.w or blocks.input.w, found"
        + " 1 tensor of other names, tensor; name the file of such a model", Cli.failure("convert", TORCH.resolve("alone.pt"), ENCODER, out));
    lines("convert", ENCODER, DECODER, out);
    assertEquals(out + ": holds a whole discrete VAE of this program; name it alone", Cli.failure("encode", photo, "--weights", out, "--weights", ENCODER));
    assertEquals(out + ": is a file of this program, and has no entry ema; leave the entry out", Cli.failure("encode", photo, "--weights", out, "--entry",
        "ema"));
    assertEquals("--weights: expected a folder alone, or files of an encoder and a decoder, got the folder " + folder + " and another",
        Cli.misuse("encode", photo, "--weights", folder, "--weights", ENCODER));
    assertEquals("--weights: no such file or folder: none.pkl", Cli.misuse("encode", photo, "--weights", "none.pkl"));
  }
}
