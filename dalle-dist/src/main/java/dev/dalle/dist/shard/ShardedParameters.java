package dev.dalle.dist.shard;

import dev.dalle.dist.Collective;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Pending;
import dev.dalle.dist.Reduction;
import dev.dalle.precision.optimizer.ParameterShard;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters of a list of blocks, each split over the ranks of a machine. Of a block that is not here there are only the shards, which are parameters, too: to
 * whatever optimizes, scales, measures or averages parameters they are the model, of which each rank has a part.
 *
 * <p>For each pass of a block, on every rank in the same order:
 * <pre>{@code
 * gather(i)                            posts the gathering, long before it is needed
 * attach(i)                            waits for it; the block may run
 * attachGradients(i)                   before it runs backwards
 * scatterGradients(i)                  posts the averaging of its gradients into shards, after it ran backwards
 * detach(i)                            the whole is given back
 * collectGradients(i)                  waits for the averaging and adds it to the gradients of the shards
 * }</pre>
 * With one rank a shard is the whole, and nothing is moved. The same inputs give the same bits. One thread at a time.
 */
public final class ShardedParameters implements AutoCloseable {
  private static final Pending DONE = new Pending() {
    @Override
    public void await() {}

    @Override
    public void await(Duration deadline) {}

    @Override
    public boolean isDone() {
      return true;
    }
  };

  private final Device device;
  private final Communicator machine;
  private final ShardOps ops;
  private final List<ShardedBlock> blocks;
  private final ParameterSet shards;
  private final List<List<ShardedParameter>> parameters = new ArrayList<>();
  private final Gathered[] gathered;
  private final Averaged[] averaged;

  /**
   * A block's whole parameters, or the shards of all ranks as they arrive.
   *
   * @param attached whether the parameters have their values
   */
  private record Gathered(Scope scope, List<Tensor> shards, Pending pending, boolean attached) {}

  /**
   * A block's gradients.
   *
   * @param whole as many elements as all shards; where the layout is contiguous, and else only the parameter's
   * @param parts what each rank gets, once they are under way
   */
  private record Averaged(Scope scope, List<Tensor> whole, List<Tensor> parts, Optional<Pending> pending) {}

  /**
   * Shards with undefined content; {@link #write} fills them.
   *
   * @param scope owns the shards and their gradients
   * @param machine the ranks over which every parameter is split, on the scope's device
   * @param blocks in the order in which they run
   * @throws IllegalArgumentException if a parameter is in two places or two have one name, or the matrices are of several types, or the rule does not fit
   */
  public ShardedParameters(Scope scope, Communicator machine, List<ShardedBlock> blocks, ShardRule rule) {
    this.device = scope.device();
    this.machine = machine;
    this.ops = device.operations(ShardOps.class);
    this.blocks = List.copyOf(blocks);
    this.gathered = new Gathered[blocks.size()];
    this.averaged = new Averaged[blocks.size()];
    if (machine.device() != device) {
      throw new IllegalArgumentException("machine: expected a communicator on " + device.name() + ", got one on " + machine.device().name());
    }
    shards = ParameterSet.detached(scope, matrixType(blocks));
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<String> names = new HashSet<>();
    for (ShardedBlock block : blocks) {
      List<ShardedParameter> ofBlock = new ArrayList<>();
      for (Parameter parameter : block.parameters()) {
        if (!seen.add(parameter) || !names.add(parameter.name())) {
          throw new IllegalArgumentException("blocks: " + parameter + " of " + block.name() + " is in another place too, or another has its name");
        }
        ShardLayout layout = layout(rule, parameter);
        // Of one rank the shard is the parameter, in its own shape.
        Shape shape = machine.size() == 1 ? parameter.shape() : layout.shardShape();
        Parameter shard = shards.add(parameter.name(), parameter.kind(), shape.toArray());
        shard.attachValue(scope.allocate(shard.valueType(), shape));
        Tensor gradient = scope.allocate(DType.F32, shape);
        shard.attachGradient(gradient);
        ofBlock.add(new ShardedParameter(parameter, layout, shard, gradient));
      }
      parameters.add(List.copyOf(ofBlock));
    }
  }

  private static DType matrixType(List<ShardedBlock> blocks) {
    List<DType> types = blocks.stream().flatMap(block -> block.parameters().stream()).filter(parameter -> parameter.kind() == Parameter.Kind.MATRIX)
        .map(Parameter::valueType).distinct().toList();
    if (types.size() > 1) {
      throw new IllegalArgumentException("blocks: expected all matrices in one type, got " + types);
    }
    return types.isEmpty() ? DType.F32 : types.getFirst();
  }

  private ShardLayout layout(ShardRule rule, Parameter parameter) {
    ShardLayout layout = rule.layout(parameter.name(), parameter.kind(), parameter.shape(), machine.size());
    if (layout.ranks() != machine.size() || layout.elementCount() != parameter.shape().elementCount()) {
      throw new IllegalArgumentException(parameter + ": expected a layout of its " + parameter.shape().elementCount() + " elements over " + machine.size()
          + " ranks, got " + layout);
    }
    return layout;
  }

  /** Number of blocks. */
  public int blockCount() {
    return blocks.size();
  }

  /** What this rank keeps of a block. */
  public List<ShardedParameter> block(int block) {
    return parameters.get(block);
  }

  /** Name of a block. */
  public String name(int block) {
    return blocks.get(block).name();
  }

  /** All shards of this rank, in the order of the blocks: {@link ShardLayout#shardShape}, or, of one rank, the shapes of the parameters. */
  public ParameterSet shards() {
    return shards;
  }

  /** What an optimizer updates on this rank, in the same order: {@link #shards} and where they lie in the whole. */
  public List<ParameterShard> optimized() {
    return parameters.stream().flatMap(List::stream).map(sharded -> new ParameterShard(sharded.shard().name(), sharded.shard().kind(), sharded.shard().value(),
        sharded.shard()::gradient, sharded.layout().place(machine.rank()))).toList();
  }

  // Whole parameters

  /** Posts the gathering of a block, unless it is here or on its way. */
  public void gather(int block) {
    if (gathered[block] != null) {
      return;
    }
    Scope scope = device.newScope();
    List<Tensor> all = new ArrayList<>();
    List<Collective> group = new ArrayList<>();
    for (ShardedParameter sharded : parameters.get(block)) {
      if (machine.size() == 1) {
        all.add(sharded.shard().value());
      } else {
        Tensor gathering = scope.allocate(sharded.shard().valueType(), machine.size() * sharded.layout().shardCount());
        group.add(new Collective.AllGather(sharded.shard().value(), gathering));
        all.add(gathering);
      }
    }
    gathered[block] = new Gathered(scope, all, group.isEmpty() ? DONE : machine.post(group), false);
  }

  /**
   * Waits until a block is gathered, and lends its parameters their values. Gathers it first if nobody has.
   *
   * @throws dev.dalle.dist.CommunicationException if a rank failed or is late
   */
  public void attach(int block) {
    gather(block);
    Gathered found = gathered[block];
    if (found.attached()) {
      return;
    }
    found.pending().await();
    for (int i = 0; i < found.shards().size(); i++) {
      ShardedParameter sharded = parameters.get(block).get(i);
      sharded.whole().attachValue(whole(found.scope(), sharded, found.shards().get(i)));
    }
    gathered[block] = new Gathered(found.scope(), List.of(), DONE, true);
  }

  private Tensor whole(Scope scope, ShardedParameter sharded, Tensor shards) {
    Shape shape = sharded.whole().shape();
    long count = shape.elementCount();
    if (sharded.layout().isContiguous()) {
      return shards.reshape(shards.elementCount()).slice(0, count).reshape(shape);
    }
    Tensor whole = scope.allocate(shards.dtype(), shape);
    ops.join(shards, sharded.layout(), whole);
    scope.release(shards);
    return whole;
  }

  /** Takes the values back and frees them; waits for a gathering that is under way. Does nothing if the block is not here. */
  public void detach(int block) {
    Gathered found = gathered[block];
    if (found == null) {
      return;
    }
    found.pending().await();
    if (found.attached()) {
      parameters.get(block).forEach(sharded -> sharded.whole().detachValue());
    }
    found.scope().close();
    gathered[block] = null;
  }

  /** Whether a block's parameters have their values. */
  public boolean isAttached(int block) {
    return gathered[block] != null && gathered[block].attached();
  }

  // Gradients

  /**
   * Lends a block's parameters memory for whole gradients.
   *
   * @throws IllegalStateException if they have it, or their last gradients were not collected
   */
  public void attachGradients(int block) {
    if (averaged[block] != null) {
      throw new IllegalStateException(name(block) + ": its gradients are here or on their way; collect them first");
    }
    Scope scope = device.newScope();
    List<Tensor> whole = new ArrayList<>();
    for (ShardedParameter sharded : parameters.get(block)) {
      Shape shape = sharded.whole().shape();
      if (machine.size() == 1) {
        sharded.whole().attachGradient(sharded.gradient(), sharded.shard().gradientEmpty());
        continue;
      }
      long count = sharded.layout().isContiguous() ? machine.size() * sharded.layout().shardCount() : shape.elementCount();
      Tensor gradient = scope.allocate(DType.F32, count);
      whole.add(gradient);
      sharded.whole().attachGradient(gradient.slice(0, shape.elementCount()).reshape(shape));
    }
    averaged[block] = new Averaged(scope, whole, List.of(), Optional.empty());
  }

  /** Whether a block's parameters have memory for whole gradients. */
  public boolean hasGradients(int block) {
    return averaged[block] != null && averaged[block].pending().isEmpty();
  }

  /**
   * Takes a block's whole gradients back and posts their averaging over the machine.
   *
   * @throws IllegalStateException if none were lent
   */
  public void scatterGradients(int block) {
    Averaged found = averaged[block];
    if (found == null || found.pending().isPresent()) {
      throw new IllegalStateException(name(block) + ": scatterGradients: it has no gradients, call attachGradients before it runs backwards");
    }
    if (machine.size() == 1) {
      parameters.get(block).forEach(ShardedParameters::returnGradient);
    }
    List<Tensor> parts = new ArrayList<>();
    List<Collective> group = new ArrayList<>();
    for (int i = 0; i < found.whole().size(); i++) {
      ShardedParameter sharded = parameters.get(block).get(i);
      Tensor all = shardsOf(found.scope(), sharded, found.whole().get(i));
      sharded.whole().detachGradient();
      long count = sharded.layout().shardCount();
      Tensor part = all.slice(machine.rank() * count, (machine.rank() + 1) * count);
      parts.add(part.reshape(sharded.shard().shape()));
      group.add(new Collective.ReduceScatter(all, part, Reduction.AVERAGE));
    }
    averaged[block] = new Averaged(found.scope(), List.of(), parts, Optional.of(group.isEmpty() ? DONE : machine.post(group)));
  }

  /** Of one rank: the memory is the shard's own, and so is what it holds. */
  private static void returnGradient(ShardedParameter sharded) {
    if (!sharded.whole().gradientEmpty()) {
      sharded.shard().addGradient((gradient, accumulate) -> {});
    }
    sharded.whole().detachGradient();
  }

  private Tensor shardsOf(Scope scope, ShardedParameter sharded, Tensor gradient) {
    // Reading it fills in zeros where nothing was added.
    Tensor present = sharded.whole().gradient();
    ShardLayout layout = sharded.layout();
    if (layout.isContiguous()) {
      if (gradient.elementCount() > layout.elementCount()) {
        device.ops().fill(gradient.slice(layout.elementCount(), gradient.elementCount()), 0);
      }
      return gradient;
    }
    Tensor shards = scope.allocate(gradient.dtype(), machine.size() * layout.shardCount());
    ops.cut(present, layout, shards);
    scope.release(gradient);
    return shards;
  }

  /**
   * Waits for the averaging of a block's gradients and adds them to those of the shards. Does nothing if none is under way.
   *
   * @throws dev.dalle.dist.CommunicationException if a rank failed or is late
   */
  public void collectGradients(int block) {
    Averaged found = averaged[block];
    if (found == null || found.pending().isEmpty()) {
      return;
    }
    found.pending().get().await();
    for (int i = 0; i < found.parts().size(); i++) {
      Tensor part = found.parts().get(i);
      parameters.get(block).get(i).shard().addGradient((gradient, accumulate) -> {
        if (accumulate) {
          device.ops().addScaled(part, 1, gradient);
        } else {
          device.ops().copy(part, gradient);
        }
      });
    }
    found.scope().close();
    averaged[block] = null;
  }

  // From and to whole arrays

  /**
   * Posts that this rank's shard be taken from a whole value.
   *
   * @param whole of the parameter's value type and shape
   */
  public void write(ShardedParameter sharded, Tensor whole) {
    ops.cutOne(whole, sharded.layout(), machine.rank(), sharded.shard().value());
  }

  /**
   * Puts the whole of what every rank has a shard of together, on every rank; all call it at once. For values, and for anything else that is split like them.
   *
   * @param shard this rank's, {@link ShardLayout#shardShape}
   * @param whole of the shard's type, as many elements as the parameter, overwritten
   * @throws dev.dalle.dist.CommunicationException if a rank failed or is late
   */
  public void read(ShardLayout layout, Tensor shard, Tensor whole) {
    if (machine.size() == 1) {
      device.ops().copy(shard.reshape(whole.shape()), whole);
      return;
    }
    try (Scope scope = device.newScope()) {
      Tensor all = scope.allocate(shard.dtype(), machine.size() * layout.shardCount());
      machine.allGather(shard, all).await();
      ops.join(all, layout, whole);
    }
  }

  /** Gives back what is here of whole blocks and gradients, whatever is under way. The shards are the scope's. */
  @Override
  public void close() {
    for (int block = 0; block < gathered.length; block++) {
      if (gathered[block] != null) {
        if (gathered[block].attached()) {
          parameters.get(block).forEach(sharded -> sharded.whole().detachValue());
        }
        gathered[block].scope().close();
        gathered[block] = null;
      }
      if (averaged[block] != null) {
        parameters.get(block).forEach(sharded -> sharded.whole().detachGradient());
        averaged[block].scope().close();
        averaged[block] = null;
      }
    }
  }
}
