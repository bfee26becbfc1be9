package dev.dalle.dist.mpi;

import java.util.Optional;

/** A question to all ranks of a communicator what they have posted, and their answers. With the engine's monitor. */
final class Inquiry {
  private final long ticket;
  private final Channel channel;
  private final Optional<Message>[] answers;
  private boolean asked;

  @SuppressWarnings({"unchecked", "rawtypes"})
  Inquiry(long ticket, Channel channel) {
    this.ticket = ticket;
    this.channel = channel;
    answers = new Optional[channel.size()];
    for (int rank = 0; rank < answers.length; rank++) {
      answers[rank] = Optional.empty();
    }
  }

  long ticket() {
    return ticket;
  }

  Channel channel() {
    return channel;
  }

  /** The thread of communication has asked. */
  void asked() {
    asked = true;
  }

  boolean isAsked() {
    return asked;
  }

  void answer(int member, Message answer) {
    channel.rankOf(member).ifPresent(rank -> answers[rank] = Optional.of(answer));
  }

  Optional<Message> answer(int rank) {
    return answers[rank];
  }

  /** Whether all others have answered. */
  boolean isComplete() {
    for (int rank = 0; rank < answers.length; rank++) {
      if (rank != channel.rank() && answers[rank].isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
