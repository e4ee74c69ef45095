package io.headgate.serde;

import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import org.apache.avro.Schema;

/** The schemas as registries know them: without the marks that only Java's classes need. */
public final class EventSchemas {
  private EventSchemas() {}

  /** Of images as they enter the pipeline. */
  public static Schema imageSubmitted() {
    return plain(ImageSubmitted.getClassSchema());
  }

  /** Of images with their verdict. */
  public static Schema moderatedImage() {
    return plain(ModeratedImage.getClassSchema());
  }

  private static Schema plain(Schema schema) {
    return new Schema.Parser()
        .parse(schema.toString().replace(",\"avro.java.string\":\"String\"", ""));
  }
}
