/** Tensors in files: the safetensors format. */
package dev.dalle.tensor.files;
