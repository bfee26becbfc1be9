/**
 * What a run has to say for itself: a tree of values, written as one self-contained HTML file for people and as
 * {@code metrics.json} with the same numbers for programs.
 */
package dev.dalle.trainer.report;
