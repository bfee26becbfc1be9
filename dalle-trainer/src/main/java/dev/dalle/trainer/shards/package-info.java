/**
 * Token shards: the tokens of all pictures of a data set, made once with a trained dVAE and kept as safetensors files with their captions (Ramesh et al. 2021,
 * arXiv 2102.12092, sections 2.2 and B.2). The files are described in docs/token-shards.md.
 */
package dev.dalle.trainer.shards;
