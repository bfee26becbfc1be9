package dev.dalle.trainer.health;

import java.util.List;

/** Looks at a run in every way there is. */
public final class RunHealth {
  /** In the order in which they are worth reading. */
  private static final List<Verdict> VERDICTS = List.of(new RunProgress(), new StoredFiles(), new WrongModels(), new StoppedTraining(), new UnstableLoss(),
      new UnstableGradient(), new LostGradients(), new CollapsedCodebook(), new EmptyCode(), new PoorPictures(), new NothingLearned(), new IgnoredText());

  private RunHealth() {}

  /** What was found, the good things too. */
  public static List<Finding> of(RunLog log) {
    return VERDICTS.stream().flatMap(verdict -> verdict.of(log).stream()).toList();
  }
}
