package io.headgate.stream;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Sha256;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import javax.imageio.ImageIO;

/** Events for tests, and their bytes under a {@code mock://} registry. */
public final class TestEvents implements AutoCloseable {
  public static final int CLEAN = 50;
  public static final int REPAIRED = 150;
  public static final int QUARANTINED = 250;

  private final String scope;
  private final HeadgateSerdes serdes;

  public TestEvents(String scope) {
    this.scope = scope;
    this.serdes = HeadgateSerdes.of("mock://" + scope);
  }

  public String registry() {
    return "mock://" + scope;
  }

  /** A PNG of one colour, by whose red the fake service judges. */
  public static byte[] png(int red) {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        image.setRGB(x, y, red << 16);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  public static ImageSubmitted inline(String id, byte[] file) {
    return event(id, new InlineImage(ByteBuffer.wrap(file), "image/png"));
  }

  public static ImageSubmitted reference(String id, String uri, byte[] sha256, long size) {
    return event(id, new ImageReference(uri, new Sha256(sha256), size));
  }

  private static ImageSubmitted event(String id, Object content) {
    return ImageSubmitted.newBuilder()
        .setId(id)
        .setSubmittedAt(Instant.ofEpochMilli(1_700_000_000_000L))
        .setSource("test")
        .setContent(content)
        .setAttributes(Map.of("colour", "red"))
        .build();
  }

  public byte[] bytes(ImageSubmitted event) {
    return serdes.imageSubmitted().serializer().serialize(Topics.defaults().submitted(), event);
  }

  public ModeratedImage moderated(String topic, byte[] bytes) {
    return serdes.moderatedImage().deserializer().deserialize(topic, bytes);
  }

  @Override
  public void close() {
    HeadgateSerdes.dropMock(scope);
  }
}
