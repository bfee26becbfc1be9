/**
 * How a module brings operations of its own to the processor: kernels are launched on a {@link dev.dalle.tensor.cpu.CpuDevice}, see
 * memory only while they run, and share the device's team of threads.
 */
package dev.dalle.tensor.cpu;
