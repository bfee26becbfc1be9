package dev.dalle.bench;

/** What holds for both sides of a process. */
final class Settings {
  private Settings() {}

  /** Threads that both sides compute with: the system property {@code dalle.bench.threads}, or one for each core. */
  static int threads() {
    return Integer.getInteger("dalle.bench.threads", Runtime.getRuntime().availableProcessors());
  }
}
