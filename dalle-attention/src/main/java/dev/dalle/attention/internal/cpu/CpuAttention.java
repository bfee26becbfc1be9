package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Attention on the processor: fused kernels on the Vector API which compute the blocks of scores that the pattern needs, F32 inside whatever the
 * tensors' type. Heads of sequences are spread over the team; each writes places of its own, so the number of threads changes no bit. Memory
 * beside the tensors is that of one head a thread.
 */
final class CpuAttention implements AttentionOps {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private record PlanKey(AttentionPattern pattern, int states) {}

  private final CpuDevice device;
  private final Map<PlanKey, BlockPlan> plans = new ConcurrentHashMap<>();
  private final HeadScratch[] scratch;
  private final HeadDecoding.Scratch[] decodeScratch;
  private final float[][] sums;

  CpuAttention(CpuDevice device) {
    this.device = device;
    scratch = Stream.generate(HeadScratch::new).limit(device.threads()).toArray(HeadScratch[]::new);
    decodeScratch = Stream.generate(HeadDecoding.Scratch::new).limit(device.threads()).toArray(HeadDecoding.Scratch[]::new);
    sums = new float[device.threads()][0];
  }

  private BlockPlan plan(AttentionPattern pattern, long states) {
    return plans.computeIfAbsent(new PlanKey(pattern, (int) states), key -> BlockPlan.of(pattern, key.states(), TileProduct.LANES));
  }

  /** The sizes of packed queries, keys and values {@code [B, S, 3, H, D]}, and where the rows of one head lie; all in elements. */
  private record Layout(DType dtype, int states, int heads, int depth) {
    static Layout of(Tensor qkv) {
      return new Layout(qkv.dtype(), Math.toIntExact(qkv.dim(1)), Math.toIntExact(qkv.dim(3)), Math.toIntExact(qkv.dim(4)));
    }

    long stride() {
      return 3L * heads * depth;
    }

    /** Part 0 is the queries, 1 the keys, 2 the values. */
    long first(long task, int part) {
      return task / heads * states * stride() + ((long) part * heads + task % heads) * depth;
    }

    long outStride() {
      return (long) heads * depth;
    }

    long outFirst(long task) {
      return task / heads * states * outStride() + task % heads * depth;
    }

    /** From natural units to bits. */
    float queryFactor() {
      return (float) (HeadAttention.LOG2_E / Math.sqrt(depth));
    }
  }

  @Override
  public void forward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp) {
    Layout layout = Layout.of(qkv);
    BlockPlan plan = plan(pattern, layout.states());
    long tasks = qkv.dim(0) * layout.heads();
    device.launch("attention", (team, memory) -> team.forRanges(tasks, 1, (thread, from, to) -> {
      HeadScratch s = scratch[thread];
      s.forward(plan, layout.depth());
      float[] sum = sums(thread, plan.slots());
      for (long task = from; task < to; task++) {
        load(memory[0], layout, plan, task, s);
        HeadAttention.forward(plan, layout.depth(), s, sum);
        HeadRows.store(s.out, 1, plan.stateOfSlot, layout.depth(), memory[1], layout.dtype(), layout.outFirst(task), layout.outStride());
        for (int slot = 0; slot < plan.slots(); slot++) {
          if (plan.stateOfSlot[slot] >= 0) {
            memory[2].set(FLOAT, 4 * (task * layout.states() + plan.stateOfSlot[slot]), sum[slot]);
          }
        }
      }
    }), qkv, out, logSumExp);
  }

  @Override
  public void backward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp, Tensor gradOut, Tensor gradQkv) {
    Layout layout = Layout.of(qkv);
    BlockPlan plan = plan(pattern, layout.states());
    long tasks = qkv.dim(0) * layout.heads();
    float gradQueryFactor = (float) (1 / Math.sqrt(layout.depth()));
    // The keys' gradient was summed with queries in bits: log2(e) / sqrt(D) times the query instead of 1 / sqrt(D).
    float gradKeyFactor = (float) (1 / HeadAttention.LOG2_E);
    device.launch("attention gradient", (team, memory) -> team.forRanges(tasks, 1, (thread, from, to) -> {
      HeadScratch s = scratch[thread];
      int depth = layout.depth();
      s.backward(plan, depth);
      float[] sum = sums(thread, plan.slots());
      for (long task = from; task < to; task++) {
        load(memory[0], layout, plan, task, s);
        HeadRows.transpose(s.v, plan.slots(), depth, s.vBlocks);
        HeadRows.load(memory[2], layout.dtype(), layout.outFirst(task), layout.outStride(), plan.stateOfSlot, depth, 1, s.out);
        for (int slot = 0; slot < plan.slots(); slot++) {
          int state = plan.stateOfSlot[slot];
          sum[slot] = state < 0 ? 0 : memory[1].get(FLOAT, 4 * (task * layout.states() + state));
        }
        HeadAttention.backward(plan, depth, s, sum);
        store(s.gradQ, gradQueryFactor, layout, plan, task, 0, memory[3]);
        store(s.gradK, gradKeyFactor, layout, plan, task, 1, memory[3]);
        store(s.gradV, 1, layout, plan, task, 2, memory[3]);
      }
    }), qkv, logSumExp, gradOut, gradQkv);
  }

  private float[] sums(int thread, int slots) {
    if (sums[thread].length < slots) {
      sums[thread] = new float[slots];
    }
    return sums[thread];
  }

  private static void load(MemorySegment qkv, Layout layout, BlockPlan plan, long task, HeadScratch s) {
    int depth = layout.depth();
    HeadRows.load(qkv, layout.dtype(), layout.first(task, 0), layout.stride(), plan.stateOfSlot, depth, layout.queryFactor(), s.q);
    HeadRows.load(qkv, layout.dtype(), layout.first(task, 1), layout.stride(), plan.stateOfSlot, depth, 1, s.k);
    HeadRows.load(qkv, layout.dtype(), layout.first(task, 2), layout.stride(), plan.stateOfSlot, depth, 1, s.v);
    HeadRows.transpose(s.k, plan.slots(), depth, s.kBlocks);
  }

  private static void store(float[] grad, float factor, Layout layout, BlockPlan plan, long task, int part, MemorySegment gradQkv) {
    HeadRows.store(grad, factor, plan.stateOfSlot, layout.depth(), gradQkv, layout.dtype(), layout.first(task, part), layout.stride());
  }

  @Override
  public void decode(Tensor qkv, AttentionPattern pattern, int position, Tensor prompts, Tensor promptOf, Tensor cache, Tensor out) {
    int heads = Math.toIntExact(qkv.dim(2));
    int depth = Math.toIntExact(qkv.dim(3));
    int promptCount = Math.toIntExact(prompts.dim(0));
    int promptStates = Math.toIntExact(prompts.dim(1));
    int cacheStates = Math.toIntExact(cache.dim(1));
    DType dtype = qkv.dtype();
    int[] keys = IntStream.rangeClosed(0, position).filter(key -> pattern.attends(position, key)).toArray();
    int[] promptKeys = IntStream.of(keys).filter(key -> key < promptStates).toArray();
    int[] cacheKeys = IntStream.of(keys).filter(key -> key >= promptStates).map(key -> key - promptStates).toArray();
    long row = (long) heads * depth;
    float queryFactor = (float) (HeadAttention.LOG2_E / Math.sqrt(depth));
    device.launch("attention decoding", (team, memory) -> team.forRanges(qkv.dim(0) * heads, 1, (thread, from, to) -> {
      HeadDecoding.Scratch s = decodeScratch[thread];
      int width = HeadRows.padded(depth);
      s.fit(keys.length, width);
      for (long task = from; task < to; task++) {
        long sequence = task / heads;
        long head = task % heads * depth;
        int prompt = memory[2].get(INT, 4 * sequence);
        if (prompt < 0 || prompt >= promptCount) {
          throw new IndexOutOfBoundsException("promptOf: sequence " + sequence + " has prompt " + prompt + " of " + promptCount);
        }
        long promptAt = (long) prompt * promptStates * 3 * row + head;
        long cacheAt = sequence * cacheStates * 2 * row + head;
        for (int part = 0; part < 2; part++) {
          MemorySegment.copy(memory[0], ((sequence * 3 + part + 1) * row + head) * dtype.byteSize(), memory[3],
              (cacheAt + (2L * (position - promptStates) + part) * row) * dtype.byteSize(), (long) depth * dtype.byteSize());
        }
        HeadRows.load(memory[0], dtype, sequence * 3 * row + head, 0, new int[] {0}, depth, queryFactor, s.q);
        HeadRows.load(memory[1], dtype, promptAt + row, 3 * row, promptKeys, depth, 1, s.k);
        HeadRows.load(memory[1], dtype, promptAt + 2 * row, 3 * row, promptKeys, depth, 1, s.v);
        HeadRows.load(memory[3], dtype, cacheAt, 2 * row, cacheKeys, depth, 1, s.k, promptKeys.length * width);
        HeadRows.load(memory[3], dtype, cacheAt + row, 2 * row, cacheKeys, depth, 1, s.v, promptKeys.length * width);
        HeadDecoding.attend(s, keys.length, width);
        HeadRows.store(s.out, 1, new int[] {0}, depth, memory[4], dtype, sequence * row + head, 0);
      }
    }), qkv, prompts, promptOf, cache, out);
  }
}
