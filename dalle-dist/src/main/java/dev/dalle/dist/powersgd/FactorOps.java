package dev.dalle.dist.powersgd;

import dev.dalle.tensor.Tensor;

/**
 * The operations of thin matrices on a device; {@code device.operations(FactorOps.class)} gives them. Posted, never waited for, deterministic. Methods throw
 * {@link dev.dalle.tensor.ShapeException} before anything is posted if shapes, types or devices do not fit.
 */
public interface FactorOps {
  /**
   * Replaces the columns of {@code matrix + epsilon I} by orthonormal ones that span the same space, column after column; I has ones on the diagonal and zeros
   * below. They are those of the factorisation QR whose R has no negative number on its diagonal, by Householder's reflections in F32: as orthonormal as F32
   * allows, however close to one another the columns were. What is not finite in the matrix makes all of the result not a number.
   *
   * @param matrix F32 {@code [n, r]} with n at least r, overwritten
   * @param epsilon at least 0; 1e-6 in Ramesh et al. 2021, arXiv 2102.12092, appendix E.2. With 0, columns that depend on those before them become some
   *     directions that those have not
   */
  void orthonormalise(Tensor matrix, double epsilon);

  /**
   * Sets a flag if anything is infinite or not a number; leaves it as it is otherwise.
   *
   * @param in F32
   * @param nonfinite I32, one element, becomes 1 if so
   */
  void flagNonfinite(Tensor in, Tensor nonfinite);

  /**
   * Sets a flag if another is set; leaves it as it is otherwise.
   *
   * @param flag I32, one element
   * @param into I32, one element, becomes 1 if {@code flag} is not 0
   */
  void mergeFlag(Tensor flag, Tensor into);

  /**
   * {@code out += factor * in}, unless a flag is set.
   *
   * @param in F32
   * @param factor finite
   * @param nonfinite I32, one element: nothing is written if it is not 0
   * @param out F32, as many elements, updated
   */
  void addUnless(Tensor in, double factor, Tensor nonfinite, Tensor out);
}
