package dev.dalle.bindings.onednn;

import static dev.dalle.bindings.onednn.OneDnnException.check;

import dev.dalle.bindings.internal.onednn.Dnnl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * oneDNN's descriptors of one specification while its primitive is being made. Owns what it makes, except primitive descriptors,
 * and destroys it in reverse order. One thread.
 */
@SuppressWarnings("restricted")
final class Descriptors implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();      // lives within one method
  private final Deque<Runnable> cleanup = new ArrayDeque<>();
  private final PrimitiveSpec spec;

  Descriptors(PrimitiveSpec spec) {
    this.spec = spec;
  }

  /** Where a create call puts its result. */
  MemorySegment result() {
    return arena.allocate(ValueLayout.ADDRESS);
  }

  static MemorySegment value(MemorySegment result) {
    return result.get(ValueLayout.ADDRESS, 0);
  }

  /** A native memory descriptor; the null pointer for none. */
  MemorySegment memory(MemoryDesc desc) {
    if (desc.isNone()) {
      return MemorySegment.NULL;
    }
    MemorySegment out = result();
    if (desc.isOpaque()) {
      check(Dnnl.dnnl_memory_desc_create_with_blob(out, arena.allocateFrom(ValueLayout.JAVA_BYTE, desc.blob())),
          "dnnl_memory_desc_create_with_blob", desc);
    } else if (desc.isAny()) {
      check(Dnnl.dnnl_memory_desc_create_with_tag(out, desc.numDims(), dims(desc.dims()), desc.dtype().code(), Dnnl.dnnl_format_tag_any()),
          "dnnl_memory_desc_create_with_tag", desc);
    } else {
      check(Dnnl.dnnl_memory_desc_create_with_strides(out, desc.numDims(), dims(desc.dims()), desc.dtype().code(), dims(desc.strides())),
          "dnnl_memory_desc_create_with_strides", desc);
    }
    MemorySegment made = value(out);
    cleanup.push(() -> Dnnl.dnnl_memory_desc_destroy(made));
    return made;
  }

  /** An array of oneDNN's fixed length. */
  MemorySegment dims(long... values) {
    return arena.allocateFrom(ValueLayout.JAVA_LONG, Arrays.copyOf(values, Dnnl.DNNL_MAX_NDIMS()));
  }

  /** Attributes; the scratchpad is always the caller's, so that no primitive hides memory of its own. */
  MemorySegment attributes(Attributes attributes) {
    MemorySegment out = result();
    check(Dnnl.dnnl_primitive_attr_create(out), "dnnl_primitive_attr_create", spec);
    MemorySegment attr = value(out);
    cleanup.push(() -> Dnnl.dnnl_primitive_attr_destroy(attr));
    check(Dnnl.dnnl_primitive_attr_set_scratchpad_mode(attr, Dnnl.dnnl_scratchpad_mode_user()), "dnnl_primitive_attr_set_scratchpad_mode", spec);
    check(Dnnl.dnnl_primitive_attr_set_fpmath_mode(attr, attributes.math().code()), "dnnl_primitive_attr_set_fpmath_mode", spec);
    if (!attributes.postOps().isEmpty()) {
      MemorySegment opsOut = result();
      check(Dnnl.dnnl_post_ops_create(opsOut), "dnnl_post_ops_create", spec);
      MemorySegment ops = value(opsOut);
      cleanup.push(() -> Dnnl.dnnl_post_ops_destroy(ops));
      for (PostOp op : attributes.postOps()) {
        append(ops, op);
      }
      check(Dnnl.dnnl_primitive_attr_set_post_ops(attr, ops), "dnnl_primitive_attr_set_post_ops", spec);
    }
    return attr;
  }

  private void append(MemorySegment ops, PostOp op) {
    switch (op) {
      case PostOp.Eltwise(EltwiseAlgorithm algorithm, float alpha, float beta) ->
          check(Dnnl.dnnl_post_ops_append_eltwise(ops, algorithm.code(), alpha, beta), "dnnl_post_ops_append_eltwise", spec);
      case PostOp.Sum(float scale) ->
          check(Dnnl.dnnl_post_ops_append_sum(ops, scale, 0, Dnnl.dnnl_data_type_undef()), "dnnl_post_ops_append_sum", spec);
      case PostOp.Binary(BinaryAlgorithm algorithm, MemoryDesc operand) ->
          check(Dnnl.dnnl_post_ops_append_binary(ops, algorithm.code(), memory(operand)), "dnnl_post_ops_append_binary", spec);
    }
  }

  /** Destroys a primitive descriptor when this closes: for hints. */
  MemorySegment temporary(MemorySegment primitiveDesc) {
    cleanup.push(() -> Dnnl.dnnl_primitive_desc_destroy(primitiveDesc));
    return primitiveDesc;
  }

  /** The name of the implementation that a primitive descriptor stands for. */
  String implementation(MemorySegment primitiveDesc) {
    MemorySegment out = result();
    check(Dnnl.dnnl_primitive_desc_query(primitiveDesc, Dnnl.dnnl_query_impl_info_str(), 0, out), "dnnl_primitive_desc_query", spec);
    return value(out).reinterpret(Long.MAX_VALUE).getString(0);
  }

  /** What a native memory descriptor says, in Java words. */
  MemoryDesc describe(MemorySegment memoryDesc) {
    int numDims = queryInt(memoryDesc, Dnnl.dnnl_query_ndims_s32());
    if (numDims == 0) {
      return MemoryDesc.NONE;
    }
    DataType dtype = DataType.of(queryInt(memoryDesc, Dnnl.dnnl_query_data_type()));
    long[] dims = queryDims(memoryDesc, Dnnl.dnnl_query_dims(), numDims);
    if (queryInt(memoryDesc, Dnnl.dnnl_query_format_kind()) == Dnnl.dnnl_blocked()
        && queryInt(memoryDesc, Dnnl.dnnl_query_inner_nblks_s32()) == 0
        && Arrays.equals(dims, queryDims(memoryDesc, Dnnl.dnnl_query_padded_dims(), numDims))
        && queryLong(memoryDesc, Dnnl.dnnl_query_submemory_offset_s64()) == 0) {
      return MemoryDesc.strided(dtype, dims, queryDims(memoryDesc, Dnnl.dnnl_query_strides(), numDims));
    }
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check(Dnnl.dnnl_memory_desc_get_blob(MemorySegment.NULL, size, memoryDesc), "dnnl_memory_desc_get_blob", spec);
    MemorySegment blob = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    check(Dnnl.dnnl_memory_desc_get_blob(blob, size, memoryDesc), "dnnl_memory_desc_get_blob", spec);
    return MemoryDesc.opaque(dtype, dims, blob.toArray(ValueLayout.JAVA_BYTE), Dnnl.dnnl_memory_desc_get_size(memoryDesc));
  }

  private MemorySegment query(MemorySegment memoryDesc, int what) {
    MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
    check(Dnnl.dnnl_memory_desc_query(memoryDesc, what, out), "dnnl_memory_desc_query", spec);
    return out;
  }

  private int queryInt(MemorySegment memoryDesc, int what) {
    return query(memoryDesc, what).get(ValueLayout.JAVA_INT, 0);
  }

  private long queryLong(MemorySegment memoryDesc, int what) {
    return query(memoryDesc, what).get(ValueLayout.JAVA_LONG, 0);
  }

  private long[] queryDims(MemorySegment memoryDesc, int what, int numDims) {
    long address = queryLong(memoryDesc, what);
    return MemorySegment.ofAddress(address).reinterpret(8L * numDims).toArray(ValueLayout.JAVA_LONG);
  }

  @Override
  public void close() {
    try {
      while (!cleanup.isEmpty()) {
        cleanup.pop().run();
      }
    } finally {
      arena.close();
    }
  }
}
