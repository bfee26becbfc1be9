package dev.dalle.dist;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Ranks, numbered from 0, that post the same operations in the same order. Posting does not wait; {@link Pending#await} does, no longer than a deadline. What was
 * posted earlier is done earlier. For a fixed world the same inputs give the same bits, every time and on every rank.
 *
 * <p>One thread of each rank posts and waits, the one that posts to the device; tensors of a posted operation are left alone until it was waited for. A rank that
 * fails, ends, is late or posts something else gives a {@link CommunicationException} on every rank, naming the first such rank, the operation and its number; the
 * communicator and those split from it are of no further use then, and nothing hangs.
 */
public interface Communicator extends AutoCloseable {
  /** A name for messages: {@code world}, or that with the colours of its splits. */
  String name();

  /** This rank, from 0. */
  int rank();

  /** Number of ranks. */
  int size();

  /** Where tensors must be. */
  Device device();

  /** How long {@link Pending#await()} waits. */
  Duration deadline();

  /**
   * Posts operations that are done together: in one transfer where the implementation can, at any rate with one wait.
   *
   * @param group at least one
   * @throws dev.dalle.tensor.ShapeException if a tensor does not fit or is on another device; nothing was posted then
   * @throws IllegalArgumentException if there is no such rank, or nothing to do
   * @throws CommunicationException if the communicator failed before
   */
  Pending post(List<Collective> group);

  /** Posts one operation; see {@link #post(List)}. */
  default Pending post(Collective operation) {
    return post(List.of(operation));
  }

  /** Posts {@link Collective.AllReduce}. */
  default Pending allReduce(Tensor tensor, Reduction reduction) {
    return post(new Collective.AllReduce(tensor, reduction));
  }

  /** Posts {@link Collective.AllReduceCodes}. */
  default Pending allReduceCodes(Tensor codes, FloatFormat format, Reduction reduction) {
    return post(new Collective.AllReduceCodes(codes, format, reduction));
  }

  /** Posts {@link Collective.AllGather}. */
  default Pending allGather(Tensor in, Tensor out) {
    return post(new Collective.AllGather(in, out));
  }

  /** Posts {@link Collective.ReduceScatter}. */
  default Pending reduceScatter(Tensor in, Tensor out, Reduction reduction) {
    return post(new Collective.ReduceScatter(in, out, reduction));
  }

  /** Posts {@link Collective.Broadcast}. */
  default Pending broadcast(Tensor tensor, int root) {
    return post(new Collective.Broadcast(tensor, root));
  }

  /** Posts {@link Collective.Barrier}. */
  default Pending barrier() {
    return post(new Collective.Barrier());
  }

  /** Posts {@link Collective.Send}. */
  default Pending send(Tensor tensor, int to) {
    return post(new Collective.Send(tensor, to));
  }

  /** Posts {@link Collective.Receive}. */
  default Pending receive(Tensor tensor, int from) {
    return post(new Collective.Receive(tensor, from));
  }

  /**
   * Makes communicators of parts of this one. All ranks call it together, and it waits for them.
   *
   * @param colour ranks with the same colour get a communicator of their own; negative for none
   * @param key ranks of a colour are numbered in the order of their keys, and of their ranks here where keys are equal
   * @return empty for a negative colour
   */
  Optional<Communicator> split(int colour, int key);

  /**
   * Tells every rank that this one cannot go on. All of them get a {@link CommunicationException} with the reason from whatever they wait for, and this rank from
   * whatever it posts next. For the way out of an error of one's own; never waits long.
   *
   * @param reason in words
   */
  void abort(String reason);

  /** Ends this rank's part, and that of communicators split from it. Waits for nobody; ranks that still expect something of this one fail. */
  @Override
  void close();
}
