package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dalle train dvae}: stage one of a run. */
@Command(
    name = "dvae",
    description = "Train the discrete VAE of a run, to its end.",
    footer = {
      "",
      "Examples:",
      "  dalle train dvae --preset emoji-tiny --out runs/tiny",
      "  dalle train dvae --print-config > run.json",
      "  dalle train dvae --config run.json --data pictures.csv --out runs/mine"
    })
final class TrainDvaeCommand implements Callable<Integer>, StageTraining.Stage {
  @Mixin private StageTraining training;

  @Override
  public Integer call() throws Exception {
    return training.run(this);
  }

  @Override
  public MemoryNeed memory(RunConfig config) {
    return MemoryNeed.ofDvae(config);
  }

  @Override
  public void checkReady(RunFolder folder, RunConfig config, Device device) {
    // The first stage needs nothing but the pictures.
  }

  @Override
  public Checkpoint.Finished train(Run run) throws IOException {
    return run.trainDvae();
  }

  @Override
  public Path weights(RunFolder folder) {
    return folder.dvae();
  }
}
