/** What long work shows of itself while it runs: a bar on a terminal, plain lines elsewhere. */
package dev.dalle.trainer.progress;
