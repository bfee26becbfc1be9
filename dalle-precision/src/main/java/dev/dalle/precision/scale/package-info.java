/**
 * Factors that keep gradients inside the range of a 16-bit type: one for each resblock (Ramesh et al. 2021, arXiv 2102.12092, section 2.4 and appendix D), or
 * one for all.
 */
package dev.dalle.precision.scale;
