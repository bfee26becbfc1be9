/**
 * Numbers that change while a model is trained: step sizes, the weight of the KL term, the relaxation's temperature (Ramesh et al. 2021,
 * arXiv 2102.12092, appendices A.2 and B.2).
 */
package dev.dalle.precision.schedule;
