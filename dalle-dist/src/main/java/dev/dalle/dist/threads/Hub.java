package dev.dalle.dist.threads;

import dev.dalle.dist.Collective;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where the ranks of one communicator meet: rounds, in which all of them take part, and transfers between two. Everything here is guarded by the world's lock, and
 * whatever changes wakes those who wait for it.
 */
final class Hub {
  private final World world;
  private final String name;
  private final int[] members;
  private final Map<Long, Round> rounds = new HashMap<>();
  private final Map<List<Integer>, Deque<Transfer>> transfers = new HashMap<>();
  private final Map<Long, Split> splits = new HashMap<>();

  Hub(World world, String name, int[] members) {
    this.world = world;
    this.name = name;
    this.members = members;
  }

  static Hub ofWorld(World world) {
    return new Hub(world, "world", IntStream.range(0, world.size()).toArray());
  }

  World world() {
    return world;
  }

  String name() {
    return name;
  }

  int size() {
    return members.length;
  }

  /** The rank in the world of a rank here. */
  int member(int rank) {
    return members[rank];
  }

  /** The rank here of a rank of the world, if it is one. */
  Optional<Integer> rankOf(int member) {
    return IntStream.range(0, members.length).filter(rank -> members[rank] == member).boxed().findFirst();
  }

  /** The round with a number; the last rank to join it starts it. */
  Round join(long number, int rank, List<Collective> group, List<HostTensors> tensors, boolean splits) {
    synchronized (world) {
      Round round = rounds.computeIfAbsent(number, key -> new Round(this));
      round.join(rank, group, tensors, splits);
      if (round.isComplete()) {
        rounds.remove(number);
        round.start();
      }
      return round;
    }
  }

  /** One end of a transfer; the second starts it. */
  Transfer transfer(int from, int to, boolean sends, Collective end, HostTensors tensors) {
    synchronized (world) {
      Deque<Transfer> queue = transfers.computeIfAbsent(List.of(from, to), key -> new ArrayDeque<>());
      Transfer waiting = queue.stream().filter(transfer -> !transfer.has(sends)).findFirst().orElse(null);
      if (waiting == null) {
        waiting = new Transfer(this, from, to);
        queue.add(waiting);
      }
      waiting.join(sends, end, tensors);
      if (waiting.isComplete()) {
        queue.remove(waiting);
        waiting.start();
      }
      return waiting;
    }
  }

  /** The communicators into which this one is split for the n-th time; the first rank to ask makes the list. */
  Split split(long number) {
    synchronized (world) {
      return splits.computeIfAbsent(number, key -> new Split(this));
    }
  }

  /** The n-th split is over for everybody. */
  void forget(long number) {
    synchronized (world) {
      splits.remove(number);
    }
  }

  /** One split of a hub. */
  static final class Split {
    private final Hub hub;
    private final int[] colours;
    private final int[] keys;
    private final Map<Integer, Hub> made = new HashMap<>();

    Split(Hub hub) {
      this.hub = hub;
      colours = new int[hub.size()];
      keys = new int[hub.size()];
    }

    void tell(int rank, int colour, int key) {
      synchronized (hub.world) {
        colours[rank] = colour;
        keys[rank] = key;
      }
    }

    /** The hub of a colour, once every rank has told its own. */
    Hub of(int colour) {
      synchronized (hub.world) {
        return made.computeIfAbsent(colour, key -> {
          List<Integer> ranks = new ArrayList<>(IntStream.range(0, hub.size()).filter(rank -> colours[rank] == colour).boxed().toList());
          ranks.sort((a, b) -> keys[a] != keys[b] ? Integer.compare(keys[a], keys[b]) : Integer.compare(a, b));
          return new Hub(hub.world, hub.name + "." + colour, ranks.stream().mapToInt(hub::member).toArray());
        });
      }
    }
  }
}
