package dev.dalle.dvae;

import java.util.Locale;

/** The two networks of a discrete VAE. */
public enum DvaeNetwork {
  /** Pictures to logits. */
  ENCODER,
  /** Codes to maps. */
  DECODER;

  /** What the names of its parameters begin with: {@code encoder.} or {@code decoder.}. */
  public String prefix() {
    return this + ".";
  }

  NetworkPlan plan(DvaeConfig config) {
    return this == ENCODER ? NetworkPlan.encoder(config) : NetworkPlan.decoder(config);
  }

  /** {@code encoder} or {@code decoder}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
