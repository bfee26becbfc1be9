package dev.dalle.trainer.health;

import java.util.List;

/** Models of different runs in one folder: everything runs, and the pictures mean nothing. */
final class WrongModels implements Verdict {
  private static final String NAME = "models";

  @Override
  public List<Finding> of(RunLog log) {
    if (!log.models().strangers().isEmpty()) {
      return log.models().strangers().stream().map(stranger -> Finding.fault(NAME, stranger, "put back the file that belongs to the run, or remove"
          + " transformer.checkpoint.json and transformer.safetensors to train stage two again with the files that are there")).toList();
    }
    if (log.transformer().standing().isEmpty()) {
      return List.of();
    }
    return List.of(Finding.ok(NAME, log.models().recorded() ? "stage two was trained with the dVAE and the vocabulary that are there"
        : "the release that trained stage two did not record its dVAE and vocabulary"));
  }
}
