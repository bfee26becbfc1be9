/**
 * The nouns everything else is written in: {@link dev.dalle.tensor.Device}, {@link dev.dalle.tensor.Tensor},
 * {@link dev.dalle.tensor.Scope}, {@link dev.dalle.tensor.Ops}, {@link dev.dalle.tensor.Tape} and
 * {@link dev.dalle.tensor.Parameter}.
 *
 * <p>Operations are posted to a device and run in the order in which they were posted; only a method whose documentation says
 * that it waits gives the host a result. Memory belongs to a scope and goes back to the device's pool when the scope closes.
 */
package dev.dalle.tensor;
