/**
 * From gradients to parameters: the global norm and its clipping, AdamW, and moving averages of parameters (Ramesh et al. 2021, arXiv 2102.12092,
 * appendices A.2 and B.2). Everything is posted to the device; whether an update happens at all is decided there, so a step needs no word from the
 * host. Only averages may be kept and made by the host, beside the device ({@link dev.dalle.precision.optimizer.HostMovingAverage}).
 */
package dev.dalle.precision.optimizer;
