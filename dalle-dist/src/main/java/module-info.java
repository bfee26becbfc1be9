/**
 * Training on many ranks: communicators with one contract (threads of one process, MPI, NCCL), parameters that are split over the ranks of a machine and gathered
 * a block ahead, gradients compressed to factors of low rank, and a planner that says what an update would take on machines that are not at hand.
 *
 * <p>Everything works on tensors and on blocks of parameters; no model is known here.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector}.
 *
 * @provides dev.dalle.tensor.OperationProvider the operations of shards and of thin matrices on the processor
 */
module dev.dalle.dist {
  requires dev.dalle.bindings;
  requires transitive dev.dalle.precision;
  requires transitive dev.dalle.tensor;
  requires jdk.incubator.vector;

  exports dev.dalle.dist;
  exports dev.dalle.dist.mpi;
  exports dev.dalle.dist.plan;
  exports dev.dalle.dist.powersgd;
  exports dev.dalle.dist.schedule;
  exports dev.dalle.dist.shard;
  exports dev.dalle.dist.threads;

  provides dev.dalle.tensor.OperationProvider with
      dev.dalle.dist.internal.CpuShardProvider,
      dev.dalle.dist.internal.CpuFactorProvider;
}
