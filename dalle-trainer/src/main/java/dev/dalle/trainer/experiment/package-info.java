/** The paper's claims at a size that a processor trains in minutes, each one command: what is compared, the runs, and the report of what came out. */
package dev.dalle.trainer.experiment;
