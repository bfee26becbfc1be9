/**
 * Whether a run is all right: what it has left in its folder, and one small class for each thing that can be wrong with it. {@code dalle doctor RUN} prints
 * what they find.
 */
package dev.dalle.trainer.health;
