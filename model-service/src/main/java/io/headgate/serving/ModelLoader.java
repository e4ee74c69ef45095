package io.headgate.serving;

import java.nio.file.Path;

/** Brings models into memory. */
interface ModelLoader {
  /** What the model will roughly take, in bytes, found out without loading it. */
  long bytesNeeded(Path path);

  /**
   * Loads a model that nobody has retained yet.
   *
   * @throws io.headgate.console.UserException if it cannot be used
   */
  ModelHandle load(Path path);
}
