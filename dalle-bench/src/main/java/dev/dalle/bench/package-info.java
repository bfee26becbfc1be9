/**
 * Benchmarks of what training is made of (Ramesh et al. 2021, arXiv 2102.12092, appendices A and B), each beside the best formulation of the same
 * computation that libtorch offers. A benchmark is a {@link dev.dalle.bench.Comparison}, whose two sides are checked against each other
 * before anything is measured.
 */
package dev.dalle.bench;
