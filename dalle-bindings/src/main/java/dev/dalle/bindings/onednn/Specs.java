package dev.dalle.bindings.onednn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Checks that several specifications share. */
final class Specs {
  private Specs() {}

  static MemoryDesc present(String name, MemoryDesc desc) {
    if (desc.isNone()) {
      throw new IllegalArgumentException(name + ": expected a description of memory, got none");
    }
    return desc;
  }

  static void numDims(String name, MemoryDesc desc, int numDims) {
    if (present(name, desc).numDims() != numDims) {
      throw new IllegalArgumentException(name + ": expected " + numDims + " dimensions, got " + desc);
    }
  }

  static void dims(String name, MemoryDesc desc, String reason, long... wanted) {
    if (!Arrays.equals(present(name, desc).dims(), wanted)) {
      throw new IllegalArgumentException(name + ": expected " + Arrays.toString(wanted) + " " + reason + ", got " + desc);
    }
  }

  static void likeDims(String name, MemoryDesc desc, String otherName, MemoryDesc other) {
    present(otherName, other);
    if (!present(name, desc).sameDims(other)) {
      throw new IllegalArgumentException(name + ": expected " + Arrays.toString(other.dims()) + " like " + otherName + ", got " + desc);
    }
  }

  static void plain(String name, MemoryDesc desc) {
    if (!desc.isPlain()) {
      throw new IllegalArgumentException(name + ": expected a plain layout, got " + desc);
    }
  }

  /** The arguments that are present, then the operands of post-operations. */
  static List<Argument> list(Attributes attributes, Argument... arguments) {
    List<Argument> all = new ArrayList<>();
    for (Argument argument : arguments) {
      if (!argument.desc().isNone()) {
        all.add(argument);
      }
    }
    all.addAll(attributes.operands());
    return List.copyOf(all);
  }

  /** The shapes of a convolution: images {@code [n, c, h, w]}, weights {@code [o, c, kh, kw]}. */
  static void convolution(MemoryDesc src, String srcName, MemoryDesc weights, String weightsName, MemoryDesc bias, String biasName,
      MemoryDesc dst, String dstName, Window window) {
    numDims(srcName, src, 4);
    numDims(weightsName, weights, 4);
    dims(weightsName, weights, "for " + srcName + " " + src + " and the window", weights.dim(0), src.dim(1), window.kernelH(), window.kernelW());
    dims(dstName, dst, "for " + srcName + " " + src + " and the window",
        src.dim(0), weights.dim(0), window.outputH(src.dim(2)), window.outputW(src.dim(3)));
    if (!bias.isNone()) {
      dims(biasName, bias, "for " + weightsName + " " + weights, weights.dim(0));
    }
  }
}
