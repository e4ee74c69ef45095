package io.headgate.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventMakerTest {
  private static final Instant NOW = Instant.parse("2026-03-01T08:00:00Z");
  private static final byte[] BYTES = {1, 2, 3};

  @TempDir private Path folder;
  private ImageFile file;

  @BeforeEach
  void file() throws Exception {
    Path set = Files.createDirectories(folder.resolve("set/a b"));
    Files.write(set.resolve("café#1.PNG"), BYTES);
    file = ImageFile.find(List.of(folder.resolve("set"))).get(0);
  }

  @Test
  void inlineEventCarriesTheBytesAndTheDeclaredType() throws Exception {
    ImageSubmitted event = maker(new Packaging.Inline(3), IdScheme.RANDOM).event(file);

    assertThat(event.getContent()).isEqualTo(new InlineImage(ByteBuffer.wrap(BYTES), "image/png"));
    assertThat(event.getSubmittedAt()).isEqualTo(NOW);
    assertThat(event.getSource()).isEqualTo("camera");
    assertThat(event.getAttributes())
        .isEqualTo(Map.of("site", "north", "file", "set/a b/café#1.PNG"));
  }

  @Test
  void fileLongerThanAnEventIsRefusedUnread() {
    assertThatThrownBy(() -> maker(new Packaging.Inline(2), IdScheme.RANDOM).event(file))
        .isInstanceOf(RecordTooLargeException.class);
  }

  @Test
  void fileReferencePinsLengthAndHash() throws Exception {
    ImageSubmitted event = maker(new Packaging.FileReference(), IdScheme.RANDOM).event(file);

    ImageReference reference = (ImageReference) event.getContent();
    assertThat(reference.getUri()).startsWith("file:///").isASCII();
    assertThat(Path.of(URI.create(reference.getUri()))).isEqualTo(file.path().toRealPath());
    assertThat(reference.getSizeBytes()).isEqualTo(3);
    assertThat(reference.getSha256().bytes()).isEqualTo(sha256());
  }

  @Test
  void webReferenceLiesBelowItsBase() throws Exception {
    Packaging packaging = Packaging.WebReference.below("https://images.example.org/crawl");

    ImageSubmitted event = maker(packaging, IdScheme.RANDOM).event(file);

    assertThat(((ImageReference) event.getContent()).getUri())
        .isEqualTo("https://images.example.org/crawl/a%20b/caf%C3%A9%231.PNG");
  }

  @Test
  void randomIdsDiffer() throws Exception {
    EventMaker maker = maker(new Packaging.Inline(3), IdScheme.RANDOM);

    assertThat(maker.event(file).getId()).isNotEqualTo(maker.event(file).getId());
  }

  @Test
  void pathAndHashMakeTheSameIdAgain() throws Exception {
    Packaging packaging = new Packaging.Inline(3);

    assertThat(maker(packaging, IdScheme.PATH).event(file).getId()).isEqualTo(file.name());
    assertThat(maker(packaging, IdScheme.SHA256).event(file).getId())
        .isEqualTo(HexFormat.of().formatHex(sha256()));
  }

  private static byte[] sha256() throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(BYTES);
  }

  private static EventMaker maker(Packaging packaging, IdScheme ids) {
    return new EventMaker(
        packaging, ids, "camera", Map.of("site", "north"), Clock.fixed(NOW, ZoneOffset.UTC));
  }
}
