package dev.dalle.trainer.cli;

/**
 * One picture's tokens.
 *
 * @param rows at least 1
 * @param columns at least 1
 * @param ids {@code [rows * columns]}, row by row, the top row first
 */
record TokenGrid(int rows, int columns, int[] ids) {}
