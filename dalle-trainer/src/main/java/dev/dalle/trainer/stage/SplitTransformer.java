package dev.dalle.trainer.stage;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.ParameterSpec;
import dev.dalle.attention.Resblock;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.shard.ShardLayout;
import dev.dalle.dist.shard.ShardRule;
import dev.dalle.dist.shard.ShardedBlock;
import dev.dalle.dist.shard.ShardedParameter;
import dev.dalle.dist.shard.ShardedParameters;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.tensor.BlockPasses;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A transformer whose parameters are split over the ranks of a machine. Its resblocks are gathered one ahead, forwards and backwards, and dropped after use; what
 * comes before the first and after the last is here during a whole update. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.5 and appendix E.2.
 */
final class SplitTransformer implements AutoCloseable {
  private static final int QUERIES_KEYS_AND_VALUES = 3;

  /** Runs a resblock, apart from where its parameters come from. */
  @FunctionalInterface
  interface BlockStep {
    /** As {@link BlockRunner#run}. */
    Tensor run(Tape tape, Resblock block, Tensor x);
  }

  private final Transformer transformer;
  private final ShardedParameters sharded;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final int first;
  private final int last;

  /**
   * A transformer with undefined parameters.
   *
   * @param scope owns this rank's shards and their gradients
   * @param machine the ranks over which it is split
   */
  SplitTransformer(TransformerConfig config, Scope scope, DType matrixType, Communicator machine) {
    transformer = new Transformer(config, ParameterSet.detached(scope, matrixType));
    Set<Parameter> inBlocks = new HashSet<>();
    transformer.blocks().forEach(block -> inBlocks.addAll(block.parameters()));
    List<Parameter> all = transformer.parameters().toList();
    int begin = IntStream.range(0, all.size()).filter(i -> inBlocks.contains(all.get(i))).findFirst().orElseThrow();
    List<ShardedBlock> blocks = new ArrayList<>();
    blocks.add(new ShardedBlock("input", all.subList(0, begin)));
    for (Resblock block : transformer.blocks()) {
      numbers.put(block.name(), blocks.size());
      blocks.add(new ShardedBlock(block.name(), block.parameters()));
    }
    blocks.add(new ShardedBlock("output", all.subList(begin + inBlocks.size(), all.size())));
    first = 0;
    last = blocks.size() - 1;
    sharded = new ShardedParameters(scope, machine, blocks, SplitTransformer::layout);
  }

  /**
   * By the outputs of every matrix, save for the perceptron's second one, which is split by its inputs; queries, keys and values, which lie one behind the other, each
   * by itself (appendix E.1, Table 2, where matrices are the transposed of ours).
   */
  private static ShardLayout layout(String name, Parameter.Kind kind, Shape shape, int ranks) {
    if (name.endsWith(".qkv.weight")) {
      return ShardRule.rows(shape, QUERIES_KEYS_AND_VALUES, ranks);
    }
    return name.endsWith(".mlp.out.weight") ? ShardRule.columns(shape, ranks) : ShardRule.outermost().layout(name, kind, shape, ranks);
  }

  /** The whole, whose parameters have values only while they are attached. */
  Transformer transformer() {
    return transformer;
  }

  /** The parts. */
  ShardedParameters sharded() {
    return sharded;
  }

  /** This rank's shards of all parameters, in the order and with the names of the model's. */
  ParameterSet shards() {
    return sharded.shards();
  }

  /** The resblocks, each with this rank's shards of its parameters. */
  List<GradientBlock> blocks() {
    return transformer.blocks().stream().map(block -> new GradientBlock(block.name(),
        sharded.block(numbers.get(block.name())).stream().map(ShardedParameter::shard).toList())).toList();
  }

  /** Writes the initial weights, the same whatever the number of ranks. */
  void initialise(long seed) {
    Map<String, ParameterSpec> specs = new HashMap<>();
    transformer.config().parameters().forEach(spec -> specs.put(spec.name(), spec));
    for (int block = first; block <= last; block++) {
      for (ShardedParameter parameter : sharded.block(block)) {
        initialise(parameter, specs.get(parameter.whole().name()), seed);
      }
    }
  }

  private void initialise(ShardedParameter parameter, ParameterSpec spec, long seed) {
    if (parameter.layout().ranks() == 1) {
      spec.initialise(parameter.shard(), seed);
      return;
    }
    try (Scope scope = parameter.gradient().device().newScope()) {
      Parameter whole = Parameter.detached(spec.name(), spec.kind(), spec.shape(), parameter.whole().valueType());
      whole.attachValue(scope.allocate(whole.valueType(), whole.shape()));
      spec.initialise(whole, seed);
      sharded.write(parameter, whole.value());
    }
  }

  // An update

  /** Brings what is here all along. */
  void beginUpdate() {
    for (int block : new int[] {first, last}) {
      sharded.attach(block);
      sharded.attachGradients(block);
    }
  }

  /** Runs resblocks of which only the input is kept, each of them here while it runs. */
  BlockRunner recomputing(BlockStep step) {
    return (tape, block, x) -> tape.checkpoint(input -> step.run(input.tape(), block, input.x()), x, new Passes(numbers.get(block.name())));
  }

  /** Runs resblocks of which everything is kept, their parameters included. */
  BlockRunner keeping(BlockStep step) {
    return (tape, block, x) -> {
      int number = numbers.get(block.name());
      sharded.attach(number);
      gather(number + 1);
      sharded.attachGradients(number);
      return step.run(tape, block, x);
    };
  }

  /** Averages the gradients that are still here, after the model has run backwards, and drops everything. */
  void endUpdate() {
    for (int block = last; block >= first; block--) {
      if (sharded.hasGradients(block)) {
        sharded.scatterGradients(block);
      }
      sharded.detach(block);
    }
    for (int block = last; block >= first; block--) {
      sharded.collectGradients(block);
    }
  }

  private void gather(int block) {
    if (block > first && block < last) {
      sharded.gather(block);
    }
  }

  private final class Passes implements BlockPasses {
    private final int block;

    Passes(int block) {
      this.block = block;
    }

    @Override
    public void beginForward() {
      sharded.attach(block);
      gather(block + 1);
    }

    @Override
    public void endForward() {
      // The last one is the first to run backwards.
      if (block < last - 1) {
        sharded.detach(block);
      }
    }

    @Override
    public void beginBackward() {
      sharded.attach(block);
      // The gathering of the block before waits for the averaging of the block behind: both use the same links.
      if (block + 1 < last) {
        sharded.collectGradients(block + 1);
      }
      gather(block - 1);
      sharded.attachGradients(block);
    }

    @Override
    public void endBackward() {
      sharded.scatterGradients(block);
      sharded.detach(block);
    }
  }

  // Without gradients

  /** Runs resblocks without a record, each of them here while it runs. To be used between {@link #beginReading} and {@link #endReading}. */
  BlockRunner reading() {
    return (tape, block, x) -> {
      int number = numbers.get(block.name());
      sharded.attach(number);
      gather(number + 1);
      Tensor out = block.apply(tape, x);
      sharded.detach(number);
      return out;
    };
  }

  /** Brings what is here all along. */
  void beginReading() {
    sharded.attach(first);
    sharded.attach(last);
  }

  /** Drops it. */
  void endReading() {
    sharded.detach(first);
    sharded.detach(last);
  }

  /** Brings the whole model, until {@link #detachAll}. */
  void attachAll() {
    for (int block = first; block <= last; block++) {
      sharded.gather(block);
    }
    for (int block = first; block <= last; block++) {
      sharded.attach(block);
    }
  }

  /** Drops it. */
  void detachAll() {
    for (int block = first; block <= last; block++) {
      sharded.detach(block);
    }
  }

  @Override
  public void close() {
    sharded.close();
  }
}
