/**
 * Pictures of 8 bits a colour: reading and writing files, the resizes and the augmentations of the paper, batches of
 * floats, and sheets to look at. Augmentation: Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 (Listing 1, stage
 * one) and B.2 (Listing 2, stage two). Plain Java values; nothing here knows a tensor or a device.
 */
package dev.dalle.trainer.picture;
