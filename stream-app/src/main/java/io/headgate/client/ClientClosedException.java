package io.headgate.client;

/** The client was closed while an image waited for its verdict; nothing was decided about it. */
public final class ClientClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClientClosedException() {
    super("the client of the model service is closed");
  }
}
