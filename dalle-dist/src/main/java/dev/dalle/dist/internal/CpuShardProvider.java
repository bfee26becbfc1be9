package dev.dalle.dist.internal;

import dev.dalle.dist.shard.CheckedShardOps;
import dev.dalle.dist.shard.ShardOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings the cutting and joining of shards to every device that runs kernels on the processor. */
public final class CpuShardProvider implements OperationProvider {
  /** For the service loader. */
  public CpuShardProvider() {}

  @Override
  public Class<?> family() {
    return ShardOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public ShardOps create(Device device) {
    return new CheckedShardOps(device, new CpuShardOps((CpuDevice) device));
  }
}
