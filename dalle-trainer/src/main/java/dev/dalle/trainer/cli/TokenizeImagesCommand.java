package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.dvae.DvaeWeights;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.shards.ShardManifest;
import dev.dalle.trainer.shards.ShardPart;
import dev.dalle.trainer.shards.ShardRecipe;
import dev.dalle.trainer.shards.ShardTokenizer;
import dev.dalle.trainer.shards.SkippedPicture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle tokenize-images}: a data set to token shards. */
@Command(
    name = "tokenize-images",
    description = "Turn all pictures of a data set into a dVAE's tokens, kept with their captions in shards of safetensors. Stopped anywhere, the same command goes"
        + " on and ends with the same bytes.",
    footer = {
      "",
      "Examples:",
      "  dalle tokenize-images --data pictures --weights runs/mine --out tokens",
      "  dalle tokenize-images --data photos --weights encoder.pkl --out tokens",
      "  dalle tokenize-images --data shards --augment 4 --skip-bad --workers 4 --out tokens"
    })
final class TokenizeImagesCommand implements Callable<Integer> {
  /** Of skipped pictures as many are printed; all are in the manifest. */
  private static final int MOST_SHOWN = 10;
  private static final int MOST = 1024;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private DvaeWeightsOption weights;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private ComputeOption compute;
  @Mixin private SeedOption seed;
  @Mixin private JsonOption json;

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder of the shards: new, empty, or of earlier work that is gone on with.")
  private Path out;

  @Option(names = "--batch", paramLabel = "N", defaultValue = "32", description = "Pictures through the network at a time (default ${DEFAULT-VALUE}).")
  private int batch;

  @Option(names = "--shard-size", paramLabel = "N", defaultValue = "1024", description = "Pictures a shard (default ${DEFAULT-VALUE}); a stop loses at most one shard.")
  private int shardSize;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Threads that read pictures while others are encoded (default half the processors). The result does not depend on it.")
  private Integer workers;

  @Option(
      names = "--augment",
      paramLabel = "N",
      defaultValue = "0",
      description = "Take N variations of each training picture, cut and resized by chance as in the paper, in place of its middle square.")
  private int augment;

  @Option(names = "--skip-bad", description = "Leave pictures out that cannot be read, and list them in the manifest, in place of stopping.")
  private boolean skipBad;

  @Override
  public Integer call() throws Exception {
    requires("--batch", batch, 1, MOST);
    requires("--shard-size", shardSize, 1, ShardRecipe.MOST_PER_SHARD);
    requires("--augment", augment, 0, MOST);
    int readers = workers == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : workers;
    requires("--workers", readers, 1, MOST);
    device.check();
    DvaeFiles files = weights.files();
    Device opened = device.open(threads.orAllProcessors());
    DType type = compute.on(opened);
    Progress progress = Terminal.progress();
    try (DvaeWeights stored = files.open(List.of(DvaeNetwork.ENCODER))) {
      DvaeConfig model = stored.config();
      checkMemory(model, type, readers);
      try (CaptionedPictures pictures = DataSets.open(dataConfig(), model.imageSize(), threads.orAllProcessors(), progress)) {
        Split split = pictures.split();
        ShardRecipe recipe = recipe(model, files, pictures, split);
        // Before a folder is made where nothing can be done.
        ShardTokenizer.check(out, recipe);
        try (AutoCloseable _ = new RunFolder(out).lock(); Scope scope = opened.newScope()) {
          ImageTokens tokens = new ImageTokens(stored.read(scope), type, batch);
          ShardTokenizer.Result result =
              new ShardTokenizer(pictures, split, recipe, out, readers, skipBad).run(encoder(opened, tokens, model), opened, progress);
          report(result, spec.commandLine().getOut());
        }
      }
    } catch (PictureException e) {
      throw new CommandException(e.getMessage() + "; --skip-bad leaves such pictures out, and the shards before it are kept", e);
    }
    return 0;
  }

  private void requires(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(spec.commandLine(), option + ": expected " + least + " to " + most + ", got " + value);
    }
  }

  /** Told before work begins, and not by the system when memory runs out. */
  private void checkMemory(DvaeConfig model, DType type, int readers) {
    long bytes = ImageTokens.bytesNeeded(model, type, batch, model.gridSize(), model.gridSize(), model.gridSize());
    long available = Machine.current().availableBytes();
    if (bytes > available) {
      throw new CommandException("too little memory: encoding " + batch + " pictures at a time takes " + MachineCheck.gib(bytes) + " beside the model, "
          + MachineCheck.gib(available) + " are available; use a smaller --batch, or end other programs");
    }
    long onHeap = (readers + 3L) * batch * model.valuesPerImage() * Float.BYTES;
    if (onHeap > Runtime.getRuntime().maxMemory() / 2) {
      throw new CommandException("too little memory: " + readers + " workers and batches of " + batch + " pictures take " + MachineCheck.gib(onHeap)
          + " of a heap of " + MachineCheck.gib(Runtime.getRuntime().maxMemory()) + "; use a smaller --batch or --workers, or a larger heap with DALLE_HEAP");
    }
  }

  /** What the options say, else the data of the run whose weights are used. */
  private DataConfig dataConfig() {
    return data.over(weights.run().readManifest().map(manifest -> manifest.config().data()).orElse(DataConfig.emoji()));
  }

  private ShardRecipe recipe(DvaeConfig model, DvaeFiles files, CaptionedPictures pictures, Split split) throws IOException {
    return new ShardRecipe(
        new ShardRecipe.Model(files.sha256(), model.vocabulary(), model.gridSize(), model.gridSize(), model.imageSize()),
        ShardRecipe.Data.of(pictures, split),
        augment, seed.orDefault(), compute.compute(), threads.orAllProcessors(), batch, shardSize);
  }

  private static ShardTokenizer.Encoder encoder(Device device, ImageTokens tokens, DvaeConfig model) {
    int side = model.imageSize();
    return (pixels, count) -> {
      try (Scope work = device.newScope()) {
        return tokens.encode(work, work.of(pixels, count, side, side, Picture.CHANNELS)).toInts();
      }
    };
  }

  private void report(ShardTokenizer.Result result, PrintWriter printer) {
    ShardManifest manifest = result.manifest();
    double rate = result.seconds() > 0 ? result.encoded() / result.seconds() : 0;
    if (json.json()) {
      printer.println(JsonText.of(values(result, rate)));
      return;
    }
    printer.println(out + ": " + manifest.pictures(ShardPart.TRAINING) + " pictures for training, " + manifest.pictures(ShardPart.HELD_OUT) + " held out, in "
        + manifest.shards().size() + " shards" + (result.keptShards() > 0 ? ", " + result.keptShards() + " of which were there" : ""));
    if (result.encoded() > 0) {
      printer.println(String.format(Locale.ROOT, "  encoded %d in %.1f s, %.1f pictures/s", result.encoded(), result.seconds(), rate));
    }
    List<SkippedPicture> skipped = manifest.skipped();
    if (!skipped.isEmpty()) {
      printer.println("  skipped " + skipped.size() + " that could not be read, listed in " + ShardManifest.file(out));
      skipped.stream().limit(MOST_SHOWN).forEach(picture -> printer.println("    " + picture.id() + ": " + picture.reason()));
      if (skipped.size() > MOST_SHOWN) {
        printer.println("    and " + (skipped.size() - MOST_SHOWN) + " more");
      }
    }
  }

  private Map<String, Object> values(ShardTokenizer.Result result, double rate) {
    ShardManifest manifest = result.manifest();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("out", out.toString());
    values.put("training", manifest.pictures(ShardPart.TRAINING));
    values.put("heldOut", manifest.pictures(ShardPart.HELD_OUT));
    values.put("skipped", manifest.skipped().size());
    values.put("shards", manifest.shards().size());
    values.put("keptShards", result.keptShards());
    values.put("encoded", result.encoded());
    values.put("seconds", result.seconds());
    values.put("picturesPerSecond", rate);
    return values;
  }
}
