package dev.dalle.trainer.stage;

import dev.dalle.attention.TokenBatch;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Reduction;
import dev.dalle.precision.optimizer.MomentReport;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Small numbers that the ranks of an update add up, so that all of them report and decide the same. */
final class RankSums {
  private static final int REPORT = 4;

  private final Communicator machine;

  RankSums(Communicator machine) {
    this.machine = machine;
  }

  /**
   * What the mean over the text tokens of this rank's part of a batch is multiplied by, so that the mean over ranks is that over all tokens of the batch: ranks have
   * the same number of captions, but not of tokens.
   */
  double textWeight(TokenBatch part) {
    if (machine.size() == 1) {
      return 1;
    }
    try (Scope scope = machine.device().newScope()) {
      Tensor count = scope.of(new int[] {part.textTokenCount()}, 1);
      machine.allReduce(count, Reduction.SUM).await();
      int all = count.toInts()[0];
      return all == 0 ? 1 : (double) part.textTokenCount() * machine.size() / all;
    }
  }

  /** The mean of each number over the ranks. */
  float[] average(float... numbers) {
    if (machine.size() == 1) {
      return numbers;
    }
    try (Scope scope = machine.device().newScope()) {
      Tensor sums = scope.of(numbers, numbers.length);
      machine.allReduce(sums, Reduction.AVERAGE).await();
      return sums.toFloats();
    }
  }

  /** Sums of squares of shards become those of whole gradients. */
  void squares(Tensor squares) {
    if (machine.size() > 1) {
      machine.allReduce(squares, Reduction.SUM).await();
    }
  }

  /** Reports of shards become those of whole parameters; counts up to 2^32. */
  List<MomentReport> whole(List<MomentReport> shards) {
    if (machine.size() == 1) {
      return shards;
    }
    int[] words = new int[REPORT * shards.size()];
    for (int i = 0; i < shards.size(); i++) {
      words[REPORT * i] = shards.get(i).meanChecksum();
      words[REPORT * i + 1] = shards.get(i).varianceChecksum();
      words[REPORT * i + 2] = (int) shards.get(i).meanBeyond();
      words[REPORT * i + 3] = (int) shards.get(i).varianceBeyond();
    }
    try (Scope scope = machine.device().newScope()) {
      Tensor sums = scope.of(words, words.length);
      machine.allReduce(sums, Reduction.SUM).await();
      int[] all = sums.toInts();
      List<MomentReport> reports = new ArrayList<>();
      for (int i = 0; i < shards.size(); i++) {
        reports.add(new MomentReport(shards.get(i).name(), all[REPORT * i], all[REPORT * i + 1], Integer.toUnsignedLong(all[REPORT * i + 2]),
            Integer.toUnsignedLong(all[REPORT * i + 3])));
      }
      return reports;
    }
  }
}
