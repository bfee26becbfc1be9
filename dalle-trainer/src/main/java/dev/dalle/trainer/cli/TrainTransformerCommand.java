package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.shards.TokenShards;
import dev.dalle.trainer.stage.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dalle train transformer}: stage two of a run, after its stage one. */
@Command(
    name = "transformer",
    description = "Train the transformer of a run, to its end, on the tokens of the run's dVAE; the tokenizer is trained first if it is missing.",
    footer = {
      "",
      "Examples:",
      "  dalle train transformer --out runs/tiny",
      "  dalle tokenize-images --weights runs/tiny --out tokens",
      "  dalle train transformer --out runs/tiny --tokens tokens"
    })
final class TrainTransformerCommand implements Callable<Integer>, StageTraining.Stage {
  @Mixin private StageTraining training;

  @Option(names = "--tokens", paramLabel = "DIR", description = "Learn the tokens that dalle tokenize-images left in this folder, in place of encoding the pictures"
      + " first.")
  private Path tokens;

  @Override
  public Integer call() throws Exception {
    return training.run(this);
  }

  @Override
  public MemoryNeed memory(RunConfig config) {
    return MemoryNeed.ofTransformer(config);
  }

  @Override
  public void checkReady(RunFolder folder, RunConfig config, Device device) throws IOException {
    if (!Files.exists(folder.dvae())) {
      throw new CommandException(folder.dvae() + " is missing: the transformer learns the tokens of a trained dVAE; train it first with"
          + " dalle train dvae --out " + folder.path());
    }
    DvaeConfig found;
    try (Scope scope = device.newScope()) {
      found = ModelFiles.readDvae(folder.dvae(), scope).config();
    }
    if (!found.equals(config.dvae().model())) {
      throw new CommandException(folder.dvae() + " is the dVAE of another configuration: this run has " + config.dvae().model() + ", the file has "
          + found + "; train in another folder, or put the right file there");
    }
    if (tokens != null) {
      TokenShards.open(tokens).checkMadeWith(folder.dvae(), found);
    }
  }

  @Override
  public Checkpoint.Finished train(Run run) throws IOException {
    return tokens == null ? run.trainTransformer() : run.trainTransformer(TokenShards.open(tokens));
  }

  @Override
  public Path weights(RunFolder folder) {
    return folder.transformer();
  }
}
