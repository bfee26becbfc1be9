package dev.dalle.tensor.internal.cpu;

import dev.dalle.bindings.onednn.Attributes;
import dev.dalle.bindings.onednn.DataType;
import dev.dalle.bindings.onednn.Matmul;
import dev.dalle.bindings.onednn.MemoryDesc;
import dev.dalle.bindings.onednn.OneDnn;
import dev.dalle.bindings.onednn.PostOp;
import dev.dalle.bindings.openmp.OpenMpTeam;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.cpu.BlockProduct;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What devices on the processor are made of: oneDNN's engine, one for the process, and a team of threads. Lives as long as the process. */
public final class CpuBackend {
  private static final Logger LOG = LogManager.getLogger(CpuBackend.class);

  /** Made at first use; a failure is reported again at every use. */
  private static final class Engine {
    static final OneDnn ONE_DNN = new OneDnn();
  }

  private final OneDnn oneDnn = Engine.ONE_DNN;
  private final OpenMpTeam team;

  /**
   * A backend.
   *
   * @param threads of the team
   * @throws dev.dalle.bindings.NativeLibraryException if the native library cannot be used; the message says why and what to do
   */
  public CpuBackend(int threads) {
    this.team = new OpenMpTeam(threads);
    LOG.debug("processor: oneDNN {} with {} on {} threads", oneDnn.version(), oneDnn.isa(), threads);
  }

  /** oneDNN's engine. */
  public OneDnn oneDnn() {
    return oneDnn;
  }

  /** The team as kernels see it. */
  public CpuTeam team() {
    return new CpuTeam() {
      @Override
      public int threads() {
        return team.threads();
      }

      @Override
      public void forRanges(long count, long grain, RangeBody body) {
        team.parallelFor(count, grain, body::run);
      }

      @Override
      public BlockProduct product(BlockProduct.Spec spec) {
        return blockProduct(spec);
      }
    };
  }

  private BlockProduct blockProduct(BlockProduct.Spec spec) {
    if (!computes(spec.dtype())) {
      throw new UnsupportedOperationException("products of " + spec.dtype() + " are not computed on this processor (" + oneDnn.isa() + ")");
    }
    DataType type = spec.dtype() == DType.F32 ? DataType.F32 : DataType.BF16;
    MemoryDesc a = matrix(type, spec.rows(), spec.inner(), spec.a());
    MemoryDesc b = matrix(type, spec.inner(), spec.columns(), spec.b());
    MemoryDesc c = matrix(DataType.F32, spec.rows(), spec.columns(), BlockProduct.Strides.rows(spec.cRow()));
    return oneDnn.primitive(Matmul.of(a, b, c).with(spec.accumulate() ? Attributes.of(PostOp.accumulate()) : Attributes.NONE), 1)::execute;
  }

  private static MemoryDesc matrix(DataType type, long rows, long columns, BlockProduct.Strides strides) {
    return MemoryDesc.strided(type, new long[] {rows, columns}, new long[] {strides.row(), strides.column()});
  }

  /** Whether products and convolutions of this type run here: F32 and, by way of it, F16 everywhere, BF16 where oneDNN has it. */
  public boolean computes(DType dtype) {
    return switch (dtype) {
      case F32, F16 -> true;
      case BF16 -> oneDnn.supports(DataType.BF16);
      default -> false;
    };
  }

  /** The operations for a device that launches on this team. */
  public Ops ops(CpuDevice device) {
    return new CpuOps(device, new HalfProducts(device, new OneDnnProducts(device, oneDnn)), new OneDnnPasses(device, oneDnn));
  }
}
