/**
 * Small floating-point formats: the paper's 1-6-9 and 0-6-10 (Ramesh et al. 2021, arXiv 2102.12092, sections 2.4 and E.2), and those in general use. What
 * the paper leaves open about its two formats is as in the same group's published kernels (Child et al. 2019, blocksparse).
 */
package dev.dalle.precision.format;
