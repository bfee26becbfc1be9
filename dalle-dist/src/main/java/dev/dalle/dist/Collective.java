package dev.dalle.dist;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * Something that ranks do together. Every rank of a communicator posts the same ones with the same sizes and types in the same order; {@link Send} and
 * {@link Receive} concern two ranks only. Tensors are on the communicator's device and dense; those that are written must not overlap anything else in a group.
 */
public sealed interface Collective {
  /** In the words of the field, such as {@code all-reduce}. */
  String operation();

  /** What it reads or writes on this rank; none for a barrier. */
  List<Tensor> tensors();

  /**
   * Refuses what does not fit a communicator of so many ranks.
   *
   * @throws ShapeException if sizes or types do not fit
   * @throws IllegalArgumentException if there is no such rank
   */
  void check(int rank, int size);

  /** Operation, type and size, for messages. */
  default String description() {
    return tensors().isEmpty() ? operation() : operation() + " of " + tensors().getFirst().dtype() + tensors().getFirst().shape();
  }

  /**
   * Every rank's tensor becomes the reduction over all.
   *
   * @param tensor of any type that the reduction takes, overwritten
   */
  record AllReduce(Tensor tensor, Reduction reduction) implements Collective {
    /** Checks the type. */
    public AllReduce {
      Objects.requireNonNull(tensor, "tensor");
      checkType("all-reduce", reduction, tensor.dtype());
    }

    @Override
    public String operation() {
      return "all-reduce";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(tensor);
    }

    @Override
    public void check(int rank, int size) {}
  }

  /**
   * Every rank's codes become the reduction over all: decoded, added in F32 in the order of ranks, encoded once. In formats that saturate, what is infinite or not
   * a number becomes the greatest number with its sign (not a number: without), so whether gradients are finite must be asked before. Source: Ramesh et al. 2021,
   * arXiv 2102.12092, appendix E.2.
   *
   * @param codes of {@link FormatOps#codeType}, overwritten
   * @param format of the codes
   * @param reduction sum or average
   */
  record AllReduceCodes(Tensor codes, FloatFormat format, Reduction reduction) implements Collective {
    /** Checks the type. */
    public AllReduceCodes {
      Objects.requireNonNull(codes, "codes");
      if (codes.dtype() != FormatOps.codeType(format)) {
        throw new ShapeException("all-reduce of codes: expected " + FormatOps.codeType(format) + " for codes of " + format.name() + ", got " + codes);
      }
      if (reduction == Reduction.MAXIMUM) {
        throw new IllegalArgumentException("all-reduce of codes: expected SUM or AVERAGE, got " + reduction);
      }
    }

    @Override
    public String operation() {
      return "all-reduce of codes";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(codes);
    }

    @Override
    public void check(int rank, int size) {}
  }

  /**
   * Every rank gets what all have, one behind the other in the order of ranks.
   *
   * @param in this rank's part
   * @param out as many times its elements as there are ranks, of its type; the part of this rank may be {@code in} itself
   */
  record AllGather(Tensor in, Tensor out) implements Collective {
    @Override
    public String operation() {
      return "all-gather";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(in, out);
    }

    @Override
    public void check(int rank, int size) {
      checkParts(operation(), in, out, size);
    }
  }

  /**
   * Rank i gets the i-th part of the reduction over all.
   *
   * @param in as many parts as there are ranks, one behind the other; may be overwritten
   * @param out one part, of the same type; may be this rank's part of {@code in}
   */
  record ReduceScatter(Tensor in, Tensor out, Reduction reduction) implements Collective {
    /** Checks the type. */
    public ReduceScatter {
      checkType("reduce-scatter", reduction, in.dtype());
    }

    @Override
    public String operation() {
      return "reduce-scatter";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(in, out);
    }

    @Override
    public void check(int rank, int size) {
      checkParts(operation(), out, in, size);
    }
  }

  /**
   * Every rank gets what one has.
   *
   * @param tensor read on the root, overwritten elsewhere
   * @param root rank whose content all get
   */
  record Broadcast(Tensor tensor, int root) implements Collective {
    @Override
    public String operation() {
      return "broadcast";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(tensor);
    }

    @Override
    public void check(int rank, int size) {
      checkRank("root", root, size);
    }
  }

  /** Done when every rank has posted it. */
  record Barrier() implements Collective {
    @Override
    public String operation() {
      return "barrier";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of();
    }

    @Override
    public void check(int rank, int size) {}
  }

  /** One rank's part of a transfer; the other posts a {@link Receive} of the same type and size. Transfers between the same two keep their order. */
  record Send(Tensor tensor, int to) implements Collective {
    @Override
    public String operation() {
      return "send";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(tensor);
    }

    @Override
    public void check(int rank, int size) {
      checkPeer("to", to, rank, size);
    }
  }

  /** The other rank's part of a {@link Send}. */
  record Receive(Tensor tensor, int from) implements Collective {
    @Override
    public String operation() {
      return "receive";
    }

    @Override
    public List<Tensor> tensors() {
      return List.of(tensor);
    }

    @Override
    public void check(int rank, int size) {
      checkPeer("from", from, rank, size);
    }
  }

  private static void checkType(String operation, Reduction reduction, DType dtype) {
    if (!reduction.reduces(dtype)) {
      throw new ShapeException(operation + ": " + reduction + " takes floating-point types, got " + dtype);
    }
  }

  private static void checkParts(String operation, Tensor part, Tensor whole, int size) {
    if (part.dtype() != whole.dtype() || part.elementCount() * size != whole.elementCount()) {
      throw new ShapeException(operation + " over " + size + " ranks: expected one of two tensors of the same type to have " + size
          + " times the elements of the other, got " + part + " and " + whole);
    }
  }

  private static void checkRank(String name, int rank, int size) {
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException(name + ": expected a rank from 0 to " + (size - 1) + ", got " + rank);
    }
  }

  private static void checkPeer(String name, int peer, int rank, int size) {
    checkRank(name, peer, size);
    if (peer == rank) {
      throw new IllegalArgumentException(name + ": expected another rank than " + rank + " itself");
    }
  }
}
