package dev.dalle.bench;

/** The same computation on both sides, from the same inputs. */
public interface Comparison {
  /** Opens ours. */
  Formulation ours();

  /** Opens libtorch's. */
  Formulation libtorch();

  /**
   * How far results may lie apart.
   *
   * @see Agreement#check
   */
  double tolerance();

  /** Opens one side. */
  default Formulation open(Side side) {
    return switch (side) {
      case OURS -> ours();
      case LIBTORCH -> libtorch();
    };
  }

  /** Opens both sides, the given one first, and compares their results; returns the given one. */
  default Formulation openChecked(Side side) {
    Formulation measured = open(side);
    try (Formulation other = open(side == Side.OURS ? Side.LIBTORCH : Side.OURS)) {
      Agreement.check(measured.results(), other.results(), tolerance());
      return measured;
    } catch (Throwable t) {
      measured.close();
      throw t;
    }
  }
}
