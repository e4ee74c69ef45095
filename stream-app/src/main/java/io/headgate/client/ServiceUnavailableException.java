package io.headgate.client;

import io.headgate.console.UserException;

/** The model service does not answer, or serves something else than expected. */
public final class ServiceUnavailableException extends UserException {
  private static final long serialVersionUID = 1L;

  ServiceUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
