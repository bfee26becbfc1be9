package dev.dalle.dist.plan;

import java.util.Objects;

/**
 * A matrix that is split over the ranks of a machine.
 *
 * @param name as in errors
 * @param rows of the whole matrix, 1 or more
 * @param columns of the whole matrix, 1 or more
 * @param axis which is split: 0 for the rows, 1 for the columns
 */
public record PlannedMatrix(String name, long rows, long columns, int axis) {
  /** Checks the shape. */
  public PlannedMatrix {
    Objects.requireNonNull(name, "name");
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(name + ": expected 1 or more rows and columns, got " + rows + " x " + columns);
    }
    if (axis != 0 && axis != 1) {
      throw new IllegalArgumentException(name + ": expected axis 0 or 1, got " + axis);
    }
  }

  /**
   * The part of one rank.
   *
   * @param ranks of a machine, which divide the axis
   */
  PlannedMatrix shard(int ranks) {
    long length = axis == 0 ? rows : columns;
    if (length % ranks != 0) {
      throw new IllegalArgumentException(name + ": expected axis " + axis + " to be a multiple of the " + ranks + " ranks of a machine, got " + length);
    }
    return axis == 0 ? new PlannedMatrix(name, rows / ranks, columns, axis) : new PlannedMatrix(name, rows, columns / ranks, axis);
  }
}
