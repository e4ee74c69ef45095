package io.headgate.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Status;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.InspectRequest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InspectorClientTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int POISON = 7;

  private final FakeInspector service = new FakeInspector();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private InspectorClient client;

  @AfterEach
  void stop() {
    if (client != null) {
      client.close();
    }
    service.close();
  }

  @Test
  void judgesASingleImage() {
    client = connect(Duration.ofMillis(1), 2);

    Inspected inspected = await(client.submit(image(50)));

    assertThat(inspected.inspection().getLabels(0).getName()).isEqualTo("red-50");
    assertThat(inspected.modelFingerprint()).isEqualTo(FakeInspector.MODEL);
    assertThat(inspected.calibrationId()).isEqualTo(FakeInspector.CALIBRATION);
  }

  @Test
  void givesEveryImageItsOwnVerdict() {
    client = connect(Duration.ofMillis(1), 4);

    List<CompletableFuture<Inspected>> verdicts = submit(IntStream.range(0, 250).toArray());

    for (int red = 0; red < 250; red++) {
      assertThat(await(verdicts.get(red)).inspection().getLabels(0).getName())
          .isEqualTo("red-" + red);
    }
  }

  @Test
  void sendsFullBatchesWithoutWaiting() {
    client = connect(LONG, 2);

    submit(new int[64]).forEach(InspectorClientTest::await);

    assertThat(service.batches()).containsExactly(32, 32);
  }

  @Test
  void waitsForAnnouncedImages() {
    client = connect(Duration.ZERO, 1);
    List<InspectorClient.Arrival> arrivals = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      arrivals.add(client.announce());
    }

    List<CompletableFuture<Inspected>> verdicts =
        arrivals.stream().map(arrival -> arrival.submit(image(1))).toList();
    verdicts.forEach(InspectorClientTest::await);

    assertThat(service.batches()).containsExactly(32);
  }

  @Test
  void sendsAtOnceWhenTheLastAnnouncedImageIsWithdrawn() {
    client = connect(Duration.ZERO, 1);
    InspectorClient.Arrival coming = client.announce();
    InspectorClient.Arrival refused = client.announce();

    CompletableFuture<Inspected> verdict = coming.submit(image(1));
    refused.withdraw();
    refused.withdraw();

    assertThat(await(verdict)).isNotNull();
    assertThat(service.batches()).containsExactly(1);
  }

  @Test
  void keepsToTheServicesLimit() {
    service.maxItems(5);
    client = connect(LONG, 2);

    submit(new int[20]).forEach(InspectorClientTest::await);

    assertThat(service.batches()).containsExactly(5, 5, 5, 5);
  }

  @Test
  void neverHasMoreCallsOpenThanAllowed() {
    AtomicInteger open = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    service.latencyMillis(5);
    service.fault(
        request -> {
          most.accumulateAndGet(open.incrementAndGet(), Math::max);
          return Status.OK;
        });
    client = connect(LONG, 2);

    List<CompletableFuture<Inspected>> verdicts = submit(new int[32 * 8]);
    for (int batch = 0; batch < 8; batch++) {
      verdicts.get(batch * 32).thenRun(open::decrementAndGet);
    }
    verdicts.forEach(InspectorClientTest::await);

    // a call's results are handed out just after the next call may leave
    assertThat(most.get()).isLessThanOrEqualTo(4);
    assertThat(service.answered()).isEqualTo(32 * 8);
  }

  @Test
  void failsOnlyTheImageThatTheServiceRefuses() {
    client = connect(Duration.ofMillis(5), 1);
    RgbImage wrong = new RgbImage(8, 8, new byte[8 * 8 * 3]);

    CompletableFuture<Inspected> bad = client.submit(wrong);
    CompletableFuture<Inspected> good = client.submit(image(3));

    assertThat(await(good).inspection().getLabels(0).getName()).isEqualTo("red-3");
    Throwable refusal = catchThrowable(() -> await(bad)).getCause();
    assertThat(refusal).isInstanceOf(InspectionRejectedException.class);
    assertThat(((InspectionRejectedException) refusal).code())
        .isEqualTo(InspectionRejectedException.WRONG_SHAPE);
  }

  @Test
  void repeatsFailedCallsUntilTheyAreAnswered() {
    AtomicInteger calls = new AtomicInteger();
    service.fault(
        request ->
            calls.incrementAndGet() <= 5
                ? List.of(
                        Status.UNAVAILABLE,
                        Status.INTERNAL,
                        Status.UNKNOWN,
                        Status.DEADLINE_EXCEEDED,
                        Status.ABORTED)
                    .get(calls.get() - 1)
                : Status.OK);
    client = connect(Duration.ofMillis(1), 1);

    submit(new int[40]).forEach(InspectorClientTest::await);

    assertThat(service.answered()).isEqualTo(40);
    assertThat(meters.get(ClientMetrics.RETRIED).counter().count()).isGreaterThanOrEqualTo(32);
  }

  @Test
  void outlivesTheService() throws Exception {
    client = connect(Duration.ofMillis(1), 2);
    await(client.submit(image(1)));
    service.stop();
    List<CompletableFuture<Inspected>> verdicts = submit(new int[100]);
    while (client.outage().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    assertThat(meters.get(ClientMetrics.CIRCUIT).gauge().value()).isPositive();

    service.restart();
    verdicts.forEach(InspectorClientTest::await);

    assertThat(client.outage()).isEmpty();
    assertThat(meters.get(ClientMetrics.CIRCUIT).gauge().value()).isZero();
  }

  @Test
  void takesAnOverloadedServiceForNoOutage() {
    AtomicBoolean overloaded = new AtomicBoolean(true);
    AtomicInteger refused = new AtomicInteger();
    service.fault(
        request -> {
          if (overloaded.get()) {
            overloaded.set(refused.incrementAndGet() < 3);
            return Status.RESOURCE_EXHAUSTED;
          }
          return Status.OK;
        });
    client = connect(Duration.ofMillis(1), 1);
    List<Optional<Duration>> seen = new ArrayList<>();

    CompletableFuture<Inspected> verdict = client.submit(image(1));
    while (!verdict.isDone()) {
      seen.add(client.outage());
      Thread.onSpinWait();
    }

    assertThat(await(verdict)).isNotNull();
    assertThat(seen).allMatch(Optional::isEmpty);
  }

  @Test
  void findsTheOneImageThatBreaksCallsAndAnswersTheOthers() {
    service.fault(breakingOn(POISON, Status.INTERNAL));
    client = connect(Duration.ofMillis(1), 2);
    int[] reds = new int[64];
    reds[20] = POISON;

    List<CompletableFuture<Inspected>> verdicts = submit(reds);
    for (int i = 0; i < 64; i++) {
      if (i != 20) {
        await(verdicts.get(i));
      }
    }
    // the culprit is blamed only while others are answered
    CompletableFuture<Inspected> culprit = verdicts.get(20);
    while (!culprit.isDone()) {
      await(client.submit(image(1)));
    }

    Throwable refusal = catchThrowable(() -> await(culprit)).getCause();
    assertThat(refusal).isInstanceOf(InspectionRejectedException.class);
    assertThat(((InspectionRejectedException) refusal).code())
        .isEqualTo(InspectionRejectedException.FAILS_CALLS);
  }

  @Test
  void blamesNobodyWhileNothingIsAnswered() {
    AtomicInteger failed = new AtomicInteger();
    service.fault(request -> failed.incrementAndGet() <= 12 ? Status.INTERNAL : Status.OK);
    client = connect(Duration.ofMillis(1), 1);

    CompletableFuture<Inspected> verdict = client.submit(image(1));

    assertThat(await(verdict)).isNotNull();
  }

  @Test
  void doesNotSendWhatWasCancelled() {
    client = connect(LONG, 1);
    List<CompletableFuture<Inspected>> unwanted = submit(new int[31]);
    unwanted.forEach(verdict -> verdict.cancel(false));

    submit(new int[32]).forEach(InspectorClientTest::await);

    assertThat(service.batches()).containsExactly(32);
  }

  @Test
  void endsWhatStillWaitsWhenClosed() {
    service.stop();
    client = connectUnseen();
    CompletableFuture<Inspected> waiting = client.submit(image(1));

    client.close();

    assertThatThrownBy(() -> await(waiting)).hasCauseInstanceOf(ClientClosedException.class);
    assertThatThrownBy(() -> await(client.submit(image(1))))
        .hasCauseInstanceOf(ClientClosedException.class);
  }

  @Test
  void endsACallInFlightWhenClosed() {
    service.latencyMillis(20_000);
    client = connect(Duration.ZERO, 1);
    CompletableFuture<Inspected> waiting = client.submit(image(1));

    client.close();

    assertThatThrownBy(() -> await(waiting)).hasCauseInstanceOf(ClientClosedException.class);
  }

  @Test
  void refusesToDescribeAnotherModelThanExpected() {
    ClientConfig any = config(Duration.ZERO, 1);
    ClientConfig other =
        new ClientConfig(
            any.address(),
            any.batch(),
            any.linger(),
            any.fillLinger(),
            any.inFlight(),
            any.deadline(),
            any.backoff(),
            0,
            "model-b",
            "",
            Optional.empty());
    client = new InspectorClient(other, meters);

    assertThatThrownBy(client::describe)
        .isInstanceOf(ServiceUnavailableException.class)
        .hasMessageContaining("model-a")
        .hasMessageContaining("model-b");
  }

  @Test
  void saysWhereNobodyAnswers() {
    service.stop();
    client = connectUnseen();

    assertThatThrownBy(client::describe)
        .isInstanceOf(ServiceUnavailableException.class)
        .hasMessageContaining(service.address())
        .hasMessageContaining("UNAVAILABLE");
  }

  private static Function<InspectRequest, Status> breakingOn(int red, Status status) {
    return request ->
        request.getImagesList().stream().anyMatch(image -> FakeInspector.red(image) == red)
            ? status
            : Status.OK;
  }

  private List<CompletableFuture<Inspected>> submit(int[] reds) {
    return IntStream.of(reds).mapToObj(red -> client.submit(image(red))).toList();
  }

  private InspectorClient connect(Duration linger, int inFlight) {
    InspectorClient connected = new InspectorClient(config(linger, inFlight), meters);
    connected.describe();
    return connected;
  }

  private InspectorClient connectUnseen() {
    return new InspectorClient(config(Duration.ofMillis(1), 2), meters);
  }

  private ClientConfig config(Duration linger, int inFlight) {
    return new ClientConfig(
        service.address(),
        32,
        linger,
        LONG,
        inFlight,
        Duration.ofSeconds(10),
        new Backoff(Duration.ofMillis(1), Duration.ofMillis(20)),
        0,
        "",
        "",
        Optional.empty());
  }

  private static Inspected await(CompletableFuture<Inspected> verdict) {
    try {
      return verdict.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no verdict", e);
    }
  }

  private static RgbImage image(int red) {
    byte[] rgb = new byte[16 * 16 * 3];
    rgb[0] = (byte) red;
    return new RgbImage(16, 16, rgb);
  }
}
