/**
 * Factors that keep gradients inside the range of a 16-bit type: one for each resblock (Ramesh et al. 2021, arXiv 2102.12092, section 2.4 and appendix D), or
 * one for all.
 *
 * <p>Any model of residual blocks can be trained so. A block, for example:
 *
 * {@snippet file="dev/dalle/precision/ExampleTest.java" region="block"}
 *
 * <p>A training in fp16, with a scale for the gradients of each block, 16-bit matrices and 16-bit moments:
 *
 * {@snippet file="dev/dalle/precision/ExampleTest.java" region="training"}
 */
package dev.dalle.precision.scale;
