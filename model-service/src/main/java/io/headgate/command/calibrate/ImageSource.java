package io.headgate.command.calibrate;

import io.headgate.command.ImageFiles.Loaded;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** A fixed list of images that can be read from any place in it, always in the same order. */
interface ImageSource extends AutoCloseable {
  /** Number of images, unreadable ones included. */
  long size();

  /** Differs between sources whose images differ. */
  String identity();

  /** Hands over the images from one index on, in batches. */
  void forEach(long from, int batch, Consumer<List<Loaded>> then) throws IOException;

  @Override
  void close();
}
