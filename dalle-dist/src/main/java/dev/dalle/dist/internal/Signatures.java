package dev.dalle.dist.internal;

import dev.dalle.dist.Collective;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What must be the same on every rank of a posted group. */
public final class Signatures {
  private Signatures() {}

  /** What one posted where the first posted something else, in words. */
  public static Optional<String> difference(List<Collective> first, List<Collective> other) {
    if (first.size() != other.size()) {
      return Optional.of("a group of " + other.size() + " operations (" + all(other) + ") where rank 0 posted one of " + first.size() + " (" + all(first) + ")");
    }
    for (int i = 0; i < first.size(); i++) {
      if (!of(first.get(i)).equals(of(other.get(i)))) {
        return Optional.of(of(other.get(i)) + " where rank 0 posted " + of(first.get(i)));
      }
    }
    return Optional.empty();
  }

  /** All that must be the same, in words: equal where nothing differs. */
  public static String text(List<Collective> group) {
    return group.size() == 1 ? of(group.getFirst()) : "a group of " + group.size() + " operations (" + all(group) + ")";
  }

  private static String all(List<Collective> group) {
    return group.stream().map(Signatures::of).collect(Collectors.joining(", "));
  }

  private static String of(Collective collective) {
    return switch (collective) {
      case Collective.AllReduce all -> named(collective, all.tensor(), " " + all.reduction());
      case Collective.AllReduceCodes all -> named(collective, all.codes(), " " + all.format().name() + " " + all.reduction());
      case Collective.AllGather gather -> named(collective, gather.in(), "");
      case Collective.ReduceScatter scatter -> named(collective, scatter.out(), " " + scatter.reduction());
      case Collective.Broadcast broadcast -> named(collective, broadcast.tensor(), " from rank " + broadcast.root());
      case Collective.Barrier barrier -> collective.operation();
      case Collective.Send send -> named(collective, send.tensor(), " to rank " + send.to());
      case Collective.Receive receive -> named(collective, receive.tensor(), " from rank " + receive.from());
    };
  }

  private static String named(Collective collective, Tensor tensor, String more) {
    return collective.operation() + " of " + tensor.elementCount() + " " + tensor.dtype() + more;
  }
}
