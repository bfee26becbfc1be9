/** A training run as files: its manifest, checkpoints, weights and curves. Everything that is stored has a format name and a version. */
package dev.dalle.trainer.run;
