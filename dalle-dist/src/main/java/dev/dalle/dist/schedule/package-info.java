/**
 * The order of one update: what is gathered, computed, averaged and updated when, and what waits for what. The same list is executed and simulated. Source:
 * Ramesh
 * et al. 2021, arXiv 2102.12092, section 2.5 and appendix E.2.
 */
package dev.dalle.dist.schedule;
