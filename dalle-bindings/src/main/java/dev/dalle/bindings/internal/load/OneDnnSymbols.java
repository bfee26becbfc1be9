package dev.dalle.bindings.internal.load;

import java.util.List;
import java.util.stream.Stream;

/** The native functions that the bindings call; a test compares the list with the generator's. */
final class OneDnnSymbols {
  static final List<String> GOMP = List.of("GOMP_parallel", "omp_set_num_threads", "omp_get_thread_num", "omp_in_parallel");

  static final List<String> DNNL = List.of(
      "dnnl_version",
      "dnnl_get_effective_cpu_isa",
      "dnnl_engine_create",
      "dnnl_engine_destroy",
      "dnnl_stream_create",
      "dnnl_stream_wait",
      "dnnl_stream_destroy",
      "dnnl_memory_desc_create_with_strides",
      "dnnl_memory_desc_create_with_tag",
      "dnnl_memory_desc_create_with_blob",
      "dnnl_memory_desc_get_blob",
      "dnnl_memory_desc_get_size",
      "dnnl_memory_desc_query",
      "dnnl_memory_desc_destroy",
      "dnnl_memory_create",
      "dnnl_memory_set_data_handle",
      "dnnl_memory_destroy",
      "dnnl_post_ops_create",
      "dnnl_post_ops_destroy",
      "dnnl_post_ops_append_sum",
      "dnnl_post_ops_append_eltwise",
      "dnnl_post_ops_append_binary",
      "dnnl_primitive_attr_create",
      "dnnl_primitive_attr_destroy",
      "dnnl_primitive_attr_set_post_ops",
      "dnnl_primitive_attr_set_scratchpad_mode",
      "dnnl_primitive_attr_set_fpmath_mode",
      "dnnl_primitive_desc_query",
      "dnnl_primitive_desc_query_md",
      "dnnl_primitive_desc_destroy",
      "dnnl_primitive_create",
      "dnnl_primitive_execute",
      "dnnl_primitive_destroy",
      "dnnl_matmul_primitive_desc_create",
      "dnnl_convolution_forward_primitive_desc_create",
      "dnnl_convolution_backward_data_primitive_desc_create",
      "dnnl_convolution_backward_weights_primitive_desc_create",
      "dnnl_pooling_forward_primitive_desc_create",
      "dnnl_pooling_backward_primitive_desc_create",
      "dnnl_eltwise_forward_primitive_desc_create",
      "dnnl_eltwise_backward_primitive_desc_create",
      "dnnl_layer_normalization_forward_primitive_desc_create",
      "dnnl_layer_normalization_backward_primitive_desc_create",
      "dnnl_softmax_forward_primitive_desc_create",
      "dnnl_softmax_backward_primitive_desc_create",
      "dnnl_resampling_forward_primitive_desc_create",
      "dnnl_resampling_backward_primitive_desc_create",
      "dnnl_reorder_primitive_desc_create",
      "dnnl_binary_primitive_desc_create",
      "dnnl_reduction_primitive_desc_create");

  static final List<String> ALL = Stream.concat(GOMP.stream(), DNNL.stream()).toList();

  private OneDnnSymbols() {}
}
