/**
 * Tensors in files. {@link dev.dalle.tensor.files.TensorFile#open} reads safetensors and what PyTorch's torch.save wrote, told apart by their content;
 * {@link dev.dalle.tensor.files.Safetensors} and {@link dev.dalle.tensor.files.StateDict} write. Nothing that a file holds is run, and whatever it claims is checked
 * before it is believed: a file that is damaged or means harm ends in one {@link dev.dalle.tensor.files.TensorFileException}, in bounded memory.
 */
package dev.dalle.tensor.files;
