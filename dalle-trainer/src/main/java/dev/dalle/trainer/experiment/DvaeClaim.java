package dev.dalle.trainer.experiment;

import java.util.List;

/** What the paper says of training a dVAE (Ramesh et al. 2021, arXiv 2102.12092, section 2.1 and appendix A), and what has to be trained to see it. */
public enum DvaeClaim {
  /** Section 2.1. */
  TEMPERATURE("Annealing the temperature", "Annealing the temperature to 1/16 closes the gap between the relaxed bound and the true one.", DvaeArm.TEMPERATURE_1),
  /** Section 2.1. */
  BETA("Weight of the divergence", "A beta of 6.6 makes better use of the codes than smaller ones and ends with a smaller error of reconstruction.",
      DvaeArm.BETA_1, DvaeArm.BETA_0),
  /** Appendix A.2. */
  ANNEALING("Shape of the annealing", "A temperature that falls along a line typically diverges, where a cosine does not.", DvaeArm.LINEAR),
  /** Section 2.1. */
  KERNEL("Around the code", "1 x 1 convolutions at the end of the encoder and the beginning of the decoder generalise better to the true bound than wider ones.",
      DvaeArm.WIDE),
  /** Appendix A.1. */
  POOLING("Pooling", "Max-pooling gives a better bound than average-pooling.", DvaeArm.AVERAGE_POOLING);

  private final String title;
  private final String words;
  private final List<DvaeArm> others;

  DvaeClaim(String title, String words, DvaeArm... others) {
    this.title = title;
    this.words = words;
    this.others = List.of(others);
  }

  /** A heading. */
  String title() {
    return title;
  }

  /** The claim as a sentence. */
  String words() {
    return words;
  }

  /** What is compared with {@link DvaeArm#PAPER}. */
  List<DvaeArm> others() {
    return others;
  }
}
