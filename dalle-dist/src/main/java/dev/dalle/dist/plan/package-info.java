/**
 * What an update would hold and send on machines that are not at hand. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.5 and appendix E.1.
 */
package dev.dalle.dist.plan;
