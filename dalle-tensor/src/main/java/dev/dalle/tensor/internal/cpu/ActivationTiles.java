package dev.dalle.tensor.internal.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations on tiles, for mixed types and for what is left of a vector: the same bits as the loops over memory. They work on whole vectors, so up to a
 * vector behind {@code count} is overwritten too; arrays have {@link Tiles#LENGTH}.
 */
final class ActivationTiles {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  private ActivationTiles() {}

  static void relu(float[] x, float[] y, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.relu(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
  }

  static void sigmoid(float[] x, float[] y, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.sigmoid(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
  }

  static void quickGelu(float[] x, float[] y, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.quickGelu(FloatVector.fromArray(FLOATS, x, i)).intoArray(y, i);
    }
  }

  static void reluGradient(float[] x, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.reluGradient(FloatVector.fromArray(FLOATS, x, i), FloatVector.fromArray(FLOATS, g, i)).intoArray(z, i);
    }
  }

  static void sigmoidGradient(float[] x, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.sigmoidGradient(FloatVector.fromArray(FLOATS, x, i), FloatVector.fromArray(FLOATS, g, i)).intoArray(z, i);
    }
  }

  static void quickGeluGradient(float[] x, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      VectorMath.quickGeluGradient(FloatVector.fromArray(FLOATS, x, i), FloatVector.fromArray(FLOATS, g, i)).intoArray(z, i);
    }
  }
}
