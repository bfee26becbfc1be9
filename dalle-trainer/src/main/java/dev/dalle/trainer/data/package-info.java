/**
 * Data sets of pictures with captions: emoji drawings, folders, tables, WebDataset shards; what is held out; the order of an
 * epoch; and batches made ahead of time. What the paper used: Ramesh et al. 2021, arXiv 2102.12092, section 2.3 and appendix C.
 * Everything is a function of the data and a seed, so that a resumed run sees what an uninterrupted one would have seen.
 */
package dev.dalle.trainer.data;
