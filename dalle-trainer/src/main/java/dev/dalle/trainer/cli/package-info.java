/**
 * The {@code dalle} command: one class a subcommand, options with the same meaning everywhere, results to standard output,
 * progress and logs to standard error, exit status 0 done, 1 failed, 2 misused.
 */
package dev.dalle.trainer.cli;
