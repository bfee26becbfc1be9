package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.StateDict;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TensorFileException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads small models of the published form, which PyTorch wrote and computed with (see make_published.py), and what may be wrong with files like them. */
class DvaeWeightsTest {
  private static final Path ENCODER = published("encoder.pkl");
  private static final Path DECODER = published("decoder.pkl");
  private static final String SIZES = "4 groups of 2 blocks, width 4, 10 codes";
  /** Sums of a few hundred products of F32, in another order. */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;

  private static Path published(String name) {
    try {
      return Path.of(DvaeWeightsTest.class.getResource("published/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static DvaeWeights open(Path... paths) throws IOException {
    return DvaeWeights.open(List.of(paths), Optional.empty());
  }

  private static String failure(Path... paths) {
    return assertThrows(TensorFileException.class, () -> open(paths).close()).getMessage();
  }

  private static float[] channelsLast(float[] values, int batch, int channels, int rows, int columns) {
    float[] moved = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      int position = i % (rows * columns);
      int channel = i / (rows * columns) % channels;
      int b = i / (rows * columns * channels);
      moved[(b * rows * columns + position) * channels + channel] = values[i];
    }
    assertEquals(batch * channels * rows * columns, values.length);
    return moved;
  }

  private static float[] expected(String name) throws IOException {
    try (TensorFile file = TensorFile.open(published("expected.pt")); Scope scope = Device.cpu(1).newScope()) {
      Tensor tensor = scope.allocate(file.get(name).type().dtype(), file.get(name).shape());
      file.get(name).into(tensor);
      return tensor.toFloats();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"encoder.pkl", "encoder-stream.pkl"})
  void publishedWeightsComputeWhatTheyComputeInPyTorch(String encoder) throws IOException {
    try (DvaeWeights weights = open(published(encoder), DECODER); Scope scope = Device.cpu(2).newScope(); PointerScope pointers = new PointerScope()) {
      assertEquals(DvaeConfig.plain(256, 4, 4, 2, 10, 3), weights.config());
      assertEquals(1.0 / 64, weights.config().postGain());
      Dvae dvae = weights.read(scope);
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor pixels = scope.of(channelsLast(expected("pixels"), 2, 3, 16, 24), 2, 16, 24, 3);
      float[] logits = dvae.encoder().logits(tape, PixelMap.map(tape, pixels)).toFloats();
      assertArrayEquals(channelsLast(expected("logits"), 2, 10, 2, 3), logits, (float) TOLERANCE);
      Tensor ids = scope.allocate(DType.I32, 2, 2, 3);
      try (TensorFile file = TensorFile.open(published("expected.pt"))) {
        file.get("tokens").into(ids);
      }
      float[] maps = dvae.decoder().mapsOf(tape, ids).toFloats();
      assertArrayEquals(channelsLast(expected("maps"), 2, 6, 16, 24), maps, (float) TOLERANCE);

      // The same graph written down once more, with the weights as they were read.
      LibtorchDvae peer = new LibtorchDvae(dvae, ScalarType.Float, 4, 3, 10);
      float[] mapped = PixelMap.map(tape, pixels).toFloats();
      assertArrayEquals(LibtorchDvae.pixelsFirst(peer.encode(LibtorchDvae.channelsFirst(ScalarType.Float, mapped, 2, 16, 24, 3))), logits, (float) TOLERANCE);
    }
  }

  @Test
  void oneNetworkDoes() throws IOException {
    try (DvaeWeights weights = open(ENCODER); Scope scope = Device.cpu(1).newScope()) {
      assertEquals(Set.of(DvaeNetwork.ENCODER), weights.networks());
      assertEquals(DvaeConfig.plain(256, 4, 4, 2, 10, 128), weights.config());
      Dvae dvae = weights.read(scope);
      assertTrue(dvae.has(DvaeNetwork.ENCODER));
      assertFalse(dvae.has(DvaeNetwork.DECODER));
      assertEquals(dvae.config().encoderParameterCount(), dvae.parameters().elementCount());
      assertEquals(4, new ImageTokens(dvae, DType.F32, 1).encode(scope, TestModels.pixels(scope, 1, 16, 16, 3)).elementCount());
      assertEquals("decoder: this model is an encoder alone; make it of the weights of both networks",
          assertThrows(IllegalStateException.class, dvae::decoder).getMessage());
    }
    try (DvaeWeights weights = open(DECODER); Scope scope = Device.cpu(1).newScope()) {
      assertEquals(Set.of(DvaeNetwork.DECODER), weights.networks());
      assertEquals(DvaeConfig.plain(256, 4, 4, 2, 10, 3), weights.config());
      Dvae dvae = weights.read(scope);
      assertEquals(16L * 16 * 3, new ImageTokens(dvae, DType.F32, 1).decode(scope, scope.of(new int[4], 1, 2, 2)).elementCount());
      assertEquals("encoder: this model is a decoder alone; make it of the weights of both networks",
          assertThrows(IllegalStateException.class, dvae::encoder).getMessage());
      assertEquals("networks: expected an encoder, a decoder or both, got none", assertThrows(IllegalArgumentException.class,
          () -> new Dvae(scope, dvae.config(), DType.F32, EnumSet.noneOf(DvaeNetwork.class))).getMessage());
    }
  }

  /** The lines of docs/weights.md. */
  @Test
  void exampleOfTheDocs() throws IOException {
    Path encoder = ENCODER;
    Path decoder = DECODER;
    try (Scope scope = Device.cpu(1).newScope()) {
      Tensor pixels = TestModels.pixels(scope, 1, 16, 16, 3);
      try (DvaeWeights weights = DvaeWeights.open(List.of(encoder, decoder), Optional.empty())) {
        Dvae dvae = weights.read(scope);
        Tensor tokens = new ImageTokens(dvae, DType.F32, 8).encode(scope, pixels);
        assertEquals(4, tokens.elementCount());
      }
    }
    String page = Files.readString(Path.of("../docs/weights.md"));
    String source = Files.readString(Path.of("src/test/java/dev/dalle/dvae/DvaeWeightsTest.java"));
    List<String> lines = page.substring(page.indexOf("```java") + 7, page.lastIndexOf("```")).strip().lines().map(String::strip).toList();
    assertEquals(4, lines.size());
    lines.forEach(line -> assertTrue(source.contains("      " + line + "\n"), line));
  }

  /** What others call the parameters, and what they put beside them. */
  static Stream<UnaryOperator<String>> forms() {
    return Stream.of(
        name -> name,
        name -> "state_dict." + name,
        name -> "model." + name,
        name -> "module._orig_mod." + name,
        name -> name.replace("coder.blocks", "coder.module.blocks"),
        name -> name.replace("coder.", "c."),
        name -> "weights.vae." + name.replace("coder.", "c."),
        name -> "ema." + name.replaceAll("(group_\\d)", "$1.group").replace("res_path", "res_path.path").replaceAll("w$", "weight").replaceAll("b$", "bias"));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void namesOfAllForms(UnaryOperator<String> form) throws IOException {
    Path torch = folder.resolve("both.pt");
    Path safe = folder.resolve("both.safetensors");
    try (DvaeWeights weights = open(ENCODER, DECODER); Scope scope = Device.cpu(1).newScope(); TensorFile other = TensorFile.open(published("expected.pt"))) {
      List<TensorEntry> ours = weights.entries(weights.networks());
      List<TensorEntry> renamed = new ArrayList<>(ours.stream().map(entry -> entry.withName(form.apply(entry.name()))).toList());
      renamed.add(7, other.get("pixels").withName("optimizer.state.0.exp_avg"));
      if (renamed.getFirst().name().startsWith("weights.")) {
        renamed.add(other.get("pixels").withName("weights.transformer.layers.0.w"));
      }
      StateDict.copy(torch, renamed);
      Safetensors.copy(safe, renamed, Map.of());
      Dvae expected = weights.read(scope);
      for (Path path : List.of(torch, safe)) {
        try (DvaeWeights found = open(path)) {
          assertEquals(weights.config(), found.config());
          assertEquals(ours.stream().map(TensorEntry::name).toList(), found.entries(found.networks()).stream().map(TensorEntry::name).toList());
          assertEquals(expected.parameters().stream().map(Parameter::name).toList(), ours.stream().map(TensorEntry::name).toList());
          assertSame(expected, found.read(scope));
        }
        try (DvaeWeights found = DvaeWeights.open(path, weights.config())) {
          assertSame(expected, found.read(scope));
        }
      }
    }
  }

  private static void assertSame(Dvae expected, Dvae actual) {
    for (Parameter parameter : expected.parameters()) {
      assertArrayEquals(parameter.value().toFloats(), actual.parameters().get(parameter.name()).value().toFloats(), parameter.name());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F16", "BF16"})
  void weightsOf16BitsAreConverted(String type) throws IOException {
    DType dtype = DType.valueOf(type);
    Path path = folder.resolve("half.pt");
    try (DvaeWeights weights = open(ENCODER); Scope scope = Device.cpu(1).newScope()) {
      Map<String, float[]> rounded = new HashMap<>();
      List<NamedTensor> half = new ArrayList<>();
      for (Parameter parameter : weights.read(scope).parameters()) {
        Tensor tensor = scope.allocate(dtype, parameter.shape());
        tensor.write(parameter.value().toFloats());
        rounded.put(parameter.name(), tensor.toFloats());
        half.add(new NamedTensor(parameter.name(), tensor));
      }
      StateDict.write(path, half);
      try (DvaeWeights found = open(path)) {
        found.read(scope).parameters().forEach(p -> assertArrayEquals(rounded.get(p.name()), p.value().toFloats(), p.name()));
      }
    }
  }

  /** A file with the encoder's tensors after a change to them. */
  private Path changed(BiConsumer<Map<String, NamedTensor>, Scope> change) throws IOException {
    Path path = folder.resolve("changed.pt");
    try (DvaeWeights weights = open(ENCODER); Scope scope = Device.cpu(1).newScope()) {
      Map<String, NamedTensor> tensors = new LinkedHashMap<>();
      for (Parameter parameter : weights.read(scope).parameters()) {
        String name = parameter.name().substring("encoder.".length());
        tensors.put(name, new NamedTensor(name, parameter.value()));
      }
      change.accept(tensors, scope);
      StateDict.write(path, List.copyOf(tensors.values()));
    }
    return path;
  }

  private static BiConsumer<Map<String, NamedTensor>, Scope> put(String name, float[] values, long... dims) {
    return (tensors, scope) -> tensors.put(name, new NamedTensor(name, scope.of(values, dims)));
  }

  @Test
  void tensorsThatDiffer() throws IOException {
    Path path = folder.resolve("changed.pt");
    String one = path + ": 1 tensor does not fit an encoder of " + SIZES + "; is it the file of another architecture?\n  ";
    changed((tensors, scope) -> tensors.remove("blocks.group_2.block_1.id_path.b"));
    assertEquals(one + "blocks.group_2.block_1.id_path.b: expected F32[8], found none", failure(path));
    changed(put("blocks.group_1.block_1.id_path.w", new float[16], 4, 4, 1, 1));
    assertEquals(one + "blocks.group_1.block_1.id_path.w: expected none, found F32[4, 4, 1, 1]", failure(path));
    changed(put("quantizer.embedding", new float[6], 2, 3));
    assertEquals(one + "quantizer.embedding: expected none, found F32[2, 3]", failure(path));
    changed(put("blocks.group_1.block_1.res_path.conv_2.w", new float[4], 2, 2, 1, 1));
    assertEquals(one + "blocks.group_1.block_1.res_path.conv_2.w: expected F32[1, 1, 3, 3], found F32[2, 2, 1, 1]", failure(path));
    // Most tensors say how wide it is, not the one that is wrong.
    changed(put("blocks.input.w", new float[8 * 3 * 49], 8, 3, 7, 7));
    assertEquals(one + "blocks.input.w: expected F32[4, 3, 7, 7], found F32[8, 3, 7, 7]", failure(path));
    changed((tensors, scope) -> tensors.put("blocks.input.b", new NamedTensor("blocks.input.b", scope.of(new int[4], 4))));
    assertEquals(one + "blocks.input.b: expected F32[4], found I32[4]", failure(path));
    changed((tensors, scope) -> {
      tensors.remove("blocks.input.w");
      tensors.remove("blocks.input.b");
    });
    assertEquals(path + ": 2 tensors do not fit an encoder of " + SIZES + "; is it the file of another architecture?\n"
        + "  blocks.input.w: expected F32[4, 3, 7, 7], found none\n  blocks.input.b: expected F32[4], found none", failure(path));
    changed((tensors, scope) -> tensors.keySet().removeIf(name -> name.contains("group")));
    assertEquals(path + ": its encoder is none of a discrete VAE: blocks.group_1.block_1.res_path.conv_1.w is missing, and all other blocks; is it the file of"
        + " another architecture?", failure(path));
    changed((tensors, scope) -> tensors.keySet().removeIf(name -> name.contains("output")));
    assertEquals(path + ": its encoder is none of a discrete VAE: blocks.output.conv.w is missing, which says how many codes there are; is it the file of"
        + " another architecture?", failure(path));
    changed((tensors, scope) -> tensors.keySet().removeIf(name -> !name.contains("output")));
    assertEquals(path + ": expected the weights of an encoder or a decoder, found neither blocks.group_1.block_1.res_path.conv_1.w nor blocks.input.w with 4"
        + " dimensions, which tell them apart; is it the file of another architecture?", failure(path));
    changed(put("blocks.input.weight", new float[4 * 3 * 49], 4, 3, 7, 7));
    assertEquals(path + ": encoder: blocks.input.w is there twice, as blocks.input.w and as blocks.input.weight; take one of them out", failure(path));
    assertEquals(published("expected.pt") + ": expected the weights of a discrete VAE, with names such as encoder.blocks.input.w or blocks.input.w, found"
        + " 4 tensors of other names, pixels, logits, tokens and so on; name the file of such a model", failure(published("expected.pt")));
    StateDict.write(path, List.of());
    assertTrue(failure(path).contains(", found no tensors; name the file of such a model"), failure(path));
  }

  @Test
  void widthsThatCannotBe() throws IOException {
    Path path = changed((tensors, scope) -> {
      tensors.keySet().removeIf(name -> name.contains("group_") && !name.equals("blocks.group_1.block_1.res_path.conv_1.w"));
      put("blocks.input.w", new float[6 * 3 * 49], 6, 3, 7, 7).accept(tensors, scope);
    });
    assertEquals(path + ": its encoder is none of a discrete VAE: width: expected a multiple of 4 from 4 to 65536, got 6; is it the file of another"
        + " architecture?", failure(path));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void weightsThatAreNoNumbers(float value) throws IOException {
    Path path = changed((tensors, scope) -> {
      float[] values = tensors.get("blocks.group_1.block_2.res_path.conv_1.w").tensor().toFloats();
      values[35] = value;
      tensors.get("blocks.group_1.block_2.res_path.conv_1.w").tensor().write(values);
    });
    Device device = Device.cpu(1);
    try (DvaeWeights weights = open(path); Scope scope = device.newScope()) {
      assertEquals(path + ": blocks.group_1.block_2.res_path.conv_1.w: expected finite weights, found an infinity or not a number as element 35 of 36; the"
          + " training that wrote it had gone wrong, take an earlier file", assertThrows(TensorFileException.class, () -> weights.read(scope)).getMessage());
      assertEquals(0, device.bytesInUse());
    }
  }

  @Test
  void filesThatDoNotBelongTogether() throws IOException {
    assertEquals(published("encoder-stream.pkl") + ": holds the weights of an encoder, and so does " + ENCODER
        + "; name one file of an encoder and one of a decoder, or one of both", failure(ENCODER, published("encoder-stream.pkl")));
    Path other = folder.resolve("other.pt");
    try (Scope scope = Device.cpu(1).newScope()) {
      Dvae dvae = TestModels.initialised(scope, DvaeConfig.plain(16, 8, 3, 1, 7, 5), 3);
      StateDict.writeParameters(other, "", dvae.parameters());
      try (DvaeWeights weights = open(other)) {
        assertEquals(DvaeConfig.plain(256, 8, 3, 1, 7, 5), weights.config());
      }
      assertTrue(assertThrows(TensorFileException.class, () -> DvaeWeights.open(other, DvaeConfig.plain(16, 8, 3, 2, 7, 5))).getMessage()
          .startsWith(other + ": 24 tensors do not fit an encoder of 3 groups of 2 blocks, width 8, 7 codes; is it the file of another architecture?\n"));
      StateDict.write(other, dvae.parameters().stream().filter(p -> p.name().startsWith("decoder.")).map(p -> new NamedTensor(p.name(), p.value())).toList());
    }
    assertEquals(ENCODER + " has an encoder of " + SIZES + ", " + other + " a decoder of 3 groups of 1 blocks, width 8, 7 codes; name the two networks of one"
        + " model", failure(other, ENCODER));
  }

  @Test
  void severalModelsInAFile() throws IOException {
    Path path = folder.resolve("checkpoint.pt");
    try (DvaeWeights weights = open(ENCODER, DECODER); DvaeWeights one = open(DECODER); TensorFile other = TensorFile.open(published("expected.pt"))) {
      List<TensorEntry> tensors = new ArrayList<>(weights.entries(weights.networks()).stream().map(entry -> entry.withName("model." + entry.name())).toList());
      one.entries(one.networks()).forEach(entry -> tensors.add(entry.withName("ema.module." + entry.name())));
      tensors.add(other.get("pixels").withName("optimizer.state.0.exp_avg"));
      StateDict.copy(path, tensors);
    }
    assertEquals(path + ": holds 2 discrete VAEs, under model and ema.module; name the entry of one of them", failure(path));
    try (DvaeWeights model = DvaeWeights.open(List.of(path), Optional.of("model")); DvaeWeights ema = DvaeWeights.open(List.of(path), Optional.of("ema"))) {
      assertEquals(EnumSet.allOf(DvaeNetwork.class), model.networks());
      assertEquals(Set.of(DvaeNetwork.DECODER), ema.networks());
    }
    assertEquals(path + ": expected the weights of a discrete VAE, with names such as encoder.blocks.input.w or blocks.input.w behind optimizer., found none"
        + " among 227 tensors, model.encoder.blocks.input.w, model.encoder.blocks.input.b,"
        + " model.encoder.blocks.group_1.block_1.res_path.conv_1.w and so on; name the file of such a model",
        assertThrows(TensorFileException.class, () -> DvaeWeights.open(List.of(path), Optional.of("optimizer"))).getMessage());
  }

  @Test
  void whetherAFileHoldsOne() throws IOException {
    try (TensorFile file = TensorFile.open(ENCODER); TensorFile other = TensorFile.open(published("expected.pt"))) {
      assertTrue(DvaeWeights.areIn(file, Optional.empty()));
      assertFalse(DvaeWeights.areIn(file, Optional.of("blocks")));
      assertFalse(DvaeWeights.areIn(other, Optional.empty()));
    }
  }
}
