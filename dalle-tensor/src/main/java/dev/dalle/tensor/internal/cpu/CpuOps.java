package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;

/** The processor's operations: products and some passes by oneDNN, everything else by kernels in Java on the same team of threads. */
final class CpuOps implements Ops {
  private final ElementKernels elements;
  private final RowKernels rows;
  private final TableKernels tables;
  private final GridKernels grids;
  private final OneDnnPasses passes;
  private final Products products;
  private final RowProducts rowProducts;

  CpuOps(CpuDevice device, Products products, OneDnnPasses passes) {
    this.elements = new ElementKernels(device);
    this.rows = new RowKernels(device);
    this.tables = new TableKernels(device);
    this.grids = new GridKernels(device);
    this.passes = passes;
    this.products = products;
    this.rowProducts = new RowProducts(device);
  }

  @Override
  public void fill(Tensor out, double value) {
    elements.fill(out, value);
  }

  @Override
  public void copy(Tensor in, Tensor out) {
    elements.copy(in, out);
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    elements.add(a, b, out);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    elements.multiply(a, b, out);
  }

  @Override
  public void scale(Tensor in, double factor, Tensor out) {
    elements.scale(in, factor, out);
  }

  @Override
  public void addScaled(Tensor in, double factor, Tensor out) {
    elements.addScaled(in, factor, out);
  }

  @Override
  public void activation(Activation f, Tensor in, Tensor out) {
    elements.activation(f, in, out);
  }

  @Override
  public void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn) {
    elements.activationGradient(f, in, gradOut, gradIn);
  }

  @Override
  public void addRow(Tensor x, Tensor bias, Tensor out) {
    rows.addRow(x, bias, out);
  }

  @Override
  public void sumRows(Tensor x, Tensor out, boolean accumulate) {
    rows.sumRows(x, out, accumulate);
  }

  @Override
  public void softmax(Tensor in, Tensor out) {
    if (!passes.softmax(in, out)) {
      rows.softmax(in, out);
    }
  }

  @Override
  public void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    if (!passes.softmaxGradient(out, gradOut, gradIn)) {
      rows.softmaxGradient(out, gradOut, gradIn);
    }
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    if (!passes.layerNorm(x, gain, bias, epsilon, out, mean, rstd)) {
      rows.layerNorm(x, gain, bias, epsilon, out, mean, rstd);
    }
  }

  @Override
  public void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias) {
    if (!passes.layerNormGradient(x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias)) {
      rows.layerNormGradient(x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias);
    }
  }

  @Override
  public void gatherRows(Tensor table, Tensor indices, Tensor out, boolean accumulate) {
    tables.gatherRows(table, indices, out, accumulate);
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
    tables.scatterAddRows(rows, indices, table);
  }

  @Override
  public void argmax(Tensor in, Tensor out) {
    rows.argmax(in, out);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor targets, Tensor losses) {
    rows.crossEntropy(logits, targets, losses);
  }

  @Override
  public void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits) {
    rows.crossEntropyGradient(logits, targets, weights, gradLogits);
  }

  @Override
  public void sum(Tensor in, Tensor out, boolean accumulate) {
    elements.sum(in, out, accumulate);
  }

  @Override
  public void sumOfSquares(Tensor in, Tensor out, boolean accumulate) {
    elements.sumOfSquares(in, out, accumulate);
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate) {
    products.matmul(a, transposeA, b, transposeB, alpha, out, accumulate);
  }

  @Override
  public void linear(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    products.linear(x, weight, bias, out);
  }

  @Override
  public void packWeight(Tensor weight, Tensor packed) {
    rowProducts.pack(weight, packed);
  }

  @Override
  public void linearByRow(Tensor x, Tensor packed, Tensor bias, Tensor out) {
    rowProducts.linear(x, packed, bias, out);
  }

  @Override
  public void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    products.convolution(x, weight, bias, out);
  }

  @Override
  public void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    products.convolutionInputGradient(gradOut, weight, gradIn);
  }

  @Override
  public void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate) {
    products.convolutionParameterGradient(x, gradOut, gradWeight, gradBias, accumulate);
  }

  @Override
  public void maxPool2(Tensor in, Tensor out) {
    grids.maxPool2(in, out);
  }

  @Override
  public void maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn) {
    if (!passes.maxPool2Gradient(in, gradOut, gradIn)) {
      grids.maxPool2Gradient(in, gradOut, gradIn);
    }
  }

  @Override
  public void upsample2(Tensor in, Tensor out) {
    if (!passes.upsample2(in, out)) {
      grids.upsample2(in, out);
    }
  }

  @Override
  public void upsample2Gradient(Tensor gradOut, Tensor gradIn) {
    if (!passes.upsample2Gradient(gradOut, gradIn)) {
      grids.upsample2Gradient(gradOut, gradIn);
    }
  }

  @Override
  public void uniform(long seed, long stream, Tensor out) {
    elements.uniform(seed, stream, out);
  }

  @Override
  public void normal(long seed, long stream, double deviation, Tensor out) {
    elements.normal(seed, stream, deviation, out);
  }
}
