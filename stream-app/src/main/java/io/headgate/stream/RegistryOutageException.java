package io.headgate.stream;

/** The schema registry cannot be asked; says nothing about the record, which is tried again. */
final class RegistryOutageException extends Exception {
  private static final long serialVersionUID = 1L;

  RegistryOutageException(Throwable cause) {
    super(cause.getMessage(), cause);
  }
}
