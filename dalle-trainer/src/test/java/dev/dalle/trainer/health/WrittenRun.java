package dev.dalle.trainer.health;

import dev.dalle.attention.Transformer;
import dev.dalle.dvae.Dvae;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.StageClock;
import dev.dalle.trainer.run.TrainedWith;
import dev.dalle.trainer.stage.TinyRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;

/** A run's folder with models that were never trained and a log of one's choice: the losses of a sound run, with what a test changes. */
final class WrittenRun {
  static final int STEPS = 100;

  final RunFolder folder;
  RunConfig config;
  private LongFunction<Map<String, Double>> dvae = step -> Map.of();
  private LongFunction<Map<String, Double>> transformer = step -> Map.of();

  WrittenRun(Path path) {
    folder = new RunFolder(path);
    config = TinyRuns.config(Path.of("pictures"), STEPS, STEPS);
  }

  /** Replaces values of stage one after each update; NaN takes a value away. */
  WrittenRun dvae(LongFunction<Map<String, Double>> values) {
    dvae = values;
    return this;
  }

  /** Replaces values of stage two. */
  WrittenRun transformer(LongFunction<Map<String, Double>> values) {
    transformer = values;
    return this;
  }

  /** Trains stage two with other things in 16 bits. */
  WrittenRun precision(PrecisionConfig precision) {
    config = config.with(config.dvae(), config.transformer().withPrecision(precision));
    return this;
  }

  /** Both stages to their end. */
  WrittenRun finished() throws IOException {
    return stopped(STEPS, STEPS);
  }

  /** Both stages up to an update; nothing is written of a stage that made none. */
  WrittenRun stopped(long dvaeStep, long transformerStep) throws IOException {
    Device device = Device.cpu(1);
    folder.writeManifest(Manifest.of(config, Optional.empty(), List.of()));
    try (Scope scope = device.newScope()) {
      Checkpoint one = new Checkpoint(folder.path(), "dvae", config.dvae());
      if (dvaeStep == STEPS) {
        ModelFiles.writeDvae(folder.dvae(), new Dvae(scope, config.dvae().model()));
      }
      write(one, dvaeStep, step -> Map.of("loss", 2 * Math.exp(-step / 20.0), "reconstruction", Math.exp(-step / 20.0), "divergence", 1.5, "perplexity", 9.0,
          "gradient", 1.0), dvae);
      if (transformerStep > 0) {
        BpeTokenizer.of(List.of()).save(folder.tokenizer());
        TrainedWith trainedWith = TrainedWith.of(folder.dvae(), folder.tokenizer());
        Checkpoint two = new Checkpoint(folder.path(), "transformer", config.transformer(), trainedWith);
        if (transformerStep == STEPS) {
          ModelFiles.writeTransformer(folder.transformer(), new Transformer(config.transformer().model(), scope), trainedWith);
        }
        write(two, transformerStep, step -> Map.of("loss", 1 + 2 * Math.exp(-step / 20.0), "image", 1 + 1.5 * Math.exp(-step / 20.0), "text",
            1 + 4 * Math.exp(-step / 20.0), "image-unigram", 2.5, "text-unigram", 4.0, "image-shuffled", 1.5 + 1.5 * Math.exp(-step / 20.0), "gradient",
            1.0), transformer);
      }
    }
    return this;
  }

  private static void write(Checkpoint checkpoint, long last, LongFunction<Map<String, Double>> sound, LongFunction<Map<String, Double>> changes)
      throws IOException {
    LossCurve curve = new LossCurve(STEPS);
    for (long step = 1; step <= last; step++) {
      Map<String, Double> values = new TreeMap<>(sound.apply(step));
      values.putAll(changes.apply(step));
      curve.add(step, values);
    }
    if (last == STEPS) {
      checkpoint.finish(last, curve, new StageClock());
    } else if (last > 0) {
      checkpoint.save(last, new ArrayList<>(), curve, new StageClock());
    }
  }

  /** Numbers of a report, keys and values in turns. */
  WrittenRun metrics(Object... keysAndValues) throws IOException {
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      entries.add("\"" + keysAndValues[i] + "\": {\"value\": " + keysAndValues[i + 1] + "}");
    }
    Files.writeString(folder.metrics(), "{\"format\": \"dalle-metrics\", \"version\": 1, \"metrics\": {" + String.join(", ", entries) + "}}");
    return this;
  }

  /** What the doctor says. */
  List<Finding> findings() throws IOException {
    return RunHealth.of(RunLog.read(folder.path()));
  }

  /** Everything but what is as it should be. */
  static List<Finding> problems(List<Finding> findings) {
    return findings.stream().filter(finding -> finding.status() != Finding.Status.OK).toList();
  }
}
