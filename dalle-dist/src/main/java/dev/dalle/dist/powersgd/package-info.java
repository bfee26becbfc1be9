/**
 * Gradients as products of two thin matrices, so that only those cross the network. Source: Vogels et al. 2019, arXiv 1905.13727, in the form of Ramesh et al.
 * 2021, arXiv 2102.12092, appendix E.
 */
package dev.dalle.dist.powersgd;
