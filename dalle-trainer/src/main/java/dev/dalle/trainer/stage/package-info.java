/**
 * The stages of a run, each a loop that fits on a page: byte pairs, the discrete VAE (stage one of Ramesh et al. 2021, arXiv 2102.12092), tokens of all
 * pictures, the transformer (stage two), drawing and measuring.
 */
package dev.dalle.trainer.stage;
