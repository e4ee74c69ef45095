package io.headgate.stream;

import io.headgate.stream.DeadLetters.Source;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Outcome to output record. Knows the limits of the topics, nothing of time or threads; its only
 * partner is the schema registry, behind {@link Events}.
 */
final class Router {
  private final Topics topics;
  private final Events events;
  private final RecordLimits limits;

  Router(Topics topics, Events events, RecordLimits limits) {
    this.topics = topics;
    this.events = events;
    this.limits = limits;
  }

  /**
   * @param duplicateOf offset of an earlier event with the same id
   * @throws RegistryOutageException if the registry could not be asked for the output's schema
   */
  Routed route(
      byte[] key,
      byte[] value,
      Headers headers,
      Source source,
      Outcome outcome,
      OptionalLong duplicateOf)
      throws RegistryOutageException {
    if (outcome instanceof Outcome.Refused refused) {
      return DeadLetters.of(key, value, headers, source, refused, limits.of(Route.DEAD_LETTER));
    }
    Route route;
    ModeratedImage image;
    if (outcome instanceof Outcome.Judged judged) {
      route = Moderation.route(judged.inspected().inspection());
      image = Moderation.judged(judged);
    } else {
      Outcome.Unverified unverified = (Outcome.Unverified) outcome;
      route = unverified.policy() == OutagePolicy.PASS_UNVERIFIED ? Route.CLEAN : Route.QUARANTINED;
      image = Moderation.unverified(unverified.event(), route);
    }
    byte[] output = events.write(topic(route), image);
    Headers marked = mark(headers, route, image, outcome, duplicateOf);
    byte[] outputKey = key == null ? id(image.getSubmitted()) : key;
    long size = DeadLetters.size(outputKey, output, marked);
    if (size > limits.of(route)) {
      RefusedException tooLarge =
          new RefusedException(
              DeadLetterCode.OUTPUT_TOO_LARGE,
              "event with its verdict: %d bytes (expected: at most %d, the limit of topic %s); raise max.message.bytes and the producer's max.request.size, or submit by reference"
                  .formatted(size, limits.of(route), topic(route)));
      return DeadLetters.of(
          key, value, headers, source, tooLarge.outcome(), limits.of(Route.DEAD_LETTER));
    }
    return new Routed(
        route, outputKey, output, marked, Optional.empty(), image.getVerdict().getUnverified());
  }

  /** The event that an outcome speaks of, if it was readable. */
  static Optional<ImageSubmitted> event(Outcome outcome) {
    if (outcome instanceof Outcome.Judged judged) {
      return Optional.of(judged.event());
    }
    return outcome instanceof Outcome.Unverified unverified
        ? Optional.of(unverified.event())
        : Optional.empty();
  }

  String topic(Route route) {
    return switch (route) {
      case CLEAN -> topics.clean();
      case REPAIRED -> topics.repaired();
      case QUARANTINED -> topics.quarantined();
      case DEAD_LETTER -> topics.deadLetter();
    };
  }

  private static Headers mark(
      Headers original,
      Route route,
      ModeratedImage image,
      Outcome outcome,
      OptionalLong duplicateOf) {
    RecordHeaders headers = new RecordHeaders(original.toArray());
    // a submitter must not be able to forge what consumers route by
    headers.remove(HeaderNames.UNVERIFIED);
    headers.remove(HeaderNames.DUPLICATE_OF);
    set(headers, HeaderNames.ROUTE, route.name().toLowerCase(Locale.ROOT));
    set(headers, HeaderNames.CALIBRATION, image.getVerdict().getCalibrationId());
    set(headers, HeaderNames.MODEL, image.getVerdict().getModelFingerprint());
    if (outcome instanceof Outcome.Unverified unverified) {
      set(
          headers,
          HeaderNames.UNVERIFIED,
          unverified.policy().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    if (duplicateOf.isPresent()) {
      set(headers, HeaderNames.DUPLICATE_OF, Long.toString(duplicateOf.getAsLong()));
    }
    return headers;
  }

  private static void set(RecordHeaders headers, String name, String value) {
    headers.remove(name);
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] id(ImageSubmitted event) {
    return event.getId().getBytes(StandardCharsets.UTF_8);
  }
}
