package io.headgate.weights;

import io.headgate.console.UserException;
import java.nio.file.Path;

/**
 * A checkpoint or its configuration cannot be used. The message names the file, the tensor, field,
 * opcode or global, what was expected, and the remedy.
 */
public final class WeightsException extends UserException {
  private static final long serialVersionUID = 1L;

  WeightsException(Path file, String problem) {
    super(file + ": " + problem);
  }

  WeightsException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }
}
