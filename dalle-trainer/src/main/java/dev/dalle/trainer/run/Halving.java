package dev.dalle.trainer.run;

import java.util.List;

/** When the step size of stage two is halved, in place of its cosine (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2: at plateaus of the loss, by hand, five times). */
public sealed interface Halving {
  /**
   * At places that are known before.
   *
   * @param shares of the run at which it is halved, ascending, from 0 to 1
   */
  record AtMilestones(List<Double> shares) implements Halving {
    /** Checks and copies. */
    public AtMilestones {
      shares = List.copyOf(shares);
      double before = 0;
      for (double share : shares) {
        Require.that(share >= before && share <= 1, "shares", "ascending numbers from 0 to 1", shares);
        before = share;
      }
    }
  }

  /**
   * Whenever the smoothed loss has not fallen for a while.
   *
   * @param patienceShare of the run that it may take to fall
   * @param improvement by which it has to fall to count, as a share of it
   * @param most halvings, the paper's are 5
   */
  record OnPlateau(double patienceShare, double improvement, int most) implements Halving {
    /** Checks. */
    public OnPlateau {
      Require.that(patienceShare > 0 && patienceShare <= 1, "patienceShare", "a share above 0, at most 1", patienceShare);
      Require.that(improvement >= 0 && improvement < 1, "improvement", "a share from 0 to below 1", improvement);
      Require.that(most >= 0 && most <= 100, "most", "0 to 100", most);
    }
  }
}
