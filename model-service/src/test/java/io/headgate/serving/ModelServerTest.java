package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.headgate.console.UserException;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.DescribeResponse;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelServerTest {
  private final FakeEngine engine = FakeEngine.create();
  private ModelServer server;
  private TestClient client;

  @AfterEach
  void close() {
    engine.release();
    if (client != null) {
      client.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @Test
  void answersEveryImageInOrderWithTheIdsItWasJudgedWith() {
    start(config(8, Duration.ZERO, 1, 100));

    InspectResponse response = client.inspect(3, 1, 2);

    assertThat(TestClient.echoes(response)).containsExactly("3", "1", "2");
    assertThat(response.getModelFingerprint()).isEqualTo("model-a");
    assertThat(response.getCalibrationId()).isEqualTo("calibration-a");
  }

  @Test
  void mergesCallsOfDifferentConnectionsIntoOneBatch() throws Exception {
    start(config(4, Duration.ofSeconds(10), 1, 100));
    int warmUps = engine.batchSizes().size();

    List<TestClient> clients = new ArrayList<>();
    List<ListenableFuture<InspectResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      clients.add(new TestClient(server.port()));
      answers.add(clients.get(i).future().inspect(TestClient.request(i)));
    }

    for (int i = 0; i < 4; i++) {
      assertThat(TestClient.echoes(answers.get(i).get())).containsExactly(Integer.toString(i));
    }
    assertThat(engine.batchSizes().subList(warmUps, engine.batchSizes().size())).containsExactly(4);
    clients.forEach(TestClient::close);
  }

  @Test
  void describesWhatItServes() {
    start(config(8, Duration.ZERO, 1, 100));

    DescribeResponse description = client.blocking().describe(DescribeRequest.getDefaultInstance());

    assertThat(description.getModelFingerprint()).isEqualTo("model-a");
    assertThat(description.getCalibrationId()).isEqualTo("calibration-a");
    assertThat(description.getImageSize()).isEqualTo(FakeEngine.SIDE);
    assertThat(description.getMaxItemsPerRequest()).isEqualTo(64);
    assertThat(description.getMaxRequestBytes()).isEqualTo(16 << 20);
    assertThat(description.getPrecision()).isEqualTo("fp32");
    assertThat(description.getClassesList()).containsExactly("cat", "dog");
  }

  @Test
  void aMalformedTensorFailsItsOwnItemOnly() {
    start(config(8, Duration.ZERO, 1, 100));
    ImageTensor good = TestClient.tensor(FakeEngine.image(7));
    InspectRequest request =
        InspectRequest.newBuilder()
            .addImages(good.toBuilder().setWidth(5))
            .addImages(good)
            .addImages(good.toBuilder().setRgb(good.getRgb().substring(1)))
            .addImages(good.toBuilder().setHeight(-1))
            .addImages(ImageTensor.getDefaultInstance())
            .build();

    InspectResponse response = client.blocking().inspect(request);

    assertThat(TestClient.echoes(response))
        .containsExactly("WRONG_SHAPE", "7", "WRONG_SHAPE", "WRONG_SHAPE", "WRONG_SHAPE");
    assertThat(response.getResults(0).getError().getMessage())
        .isEqualTo(
            "image tensor: 5x4 with 48 bytes (expected: 4x4 with 48 bytes, uint8 RGB, row-major);"
                + " resize and crop it first");
  }

  @Test
  void answersACallOfMalformedTensorsOnly() {
    start(config(8, Duration.ZERO, 1, 100));

    InspectResponse response =
        client
            .blocking()
            .inspect(
                InspectRequest.newBuilder().addImages(ImageTensor.getDefaultInstance()).build());

    assertThat(TestClient.echoes(response)).containsExactly("WRONG_SHAPE");
    assertThat(response.getModelFingerprint()).isEqualTo("model-a");
  }

  @Test
  void anImageThatCrashesTheForwardDoesNotTouchItsNeighbours() {
    engine.poison(66);
    start(config(8, Duration.ZERO, 1, 100));

    InspectResponse response = client.inspect(1, 2, 66, 3, 4, 5, 6);

    assertThat(TestClient.echoes(response))
        .containsExactly("1", "2", "INFERENCE_FAILED", "3", "4", "5", "6");
    assertThat(scrape()).contains("headgate_images_total{outcome=\"inference_failed\"} 1.0");
  }

  @Test
  void refusesTooFewAndTooManyImages() {
    start(config(8, Duration.ZERO, 1, 100));

    assertStatus(
        () -> client.inspect(), Status.Code.INVALID_ARGUMENT, "images: 0 (expected: 1 to 64");
    assertStatus(
        () -> client.inspect(new int[65]),
        Status.Code.INVALID_ARGUMENT,
        "images: 65 (expected: 1 to 64");
  }

  @Test
  void refusesAnotherModelOrCalibrationThanExpected() {
    start(config(8, Duration.ZERO, 1, 100));
    InspectRequest request = TestClient.request(1);

    assertStatus(
        () ->
            client
                .blocking()
                .inspect(request.toBuilder().setExpectedModelFingerprint("model-z").build()),
        Status.Code.FAILED_PRECONDITION,
        "expected model fingerprint: model-z (serving: model-a)");
    assertStatus(
        () ->
            client
                .blocking()
                .inspect(request.toBuilder().setExpectedCalibrationId("other").build()),
        Status.Code.FAILED_PRECONDITION,
        "expected calibration id: other (serving: calibration-a)");
    assertThat(
            client
                .blocking()
                .inspect(
                    request.toBuilder()
                        .setExpectedModelFingerprint("model-a")
                        .setExpectedCalibrationId("calibration-a")
                        .build())
                .getResultsCount())
        .isEqualTo(1);
  }

  @Test
  void aCallPastItsDeadlineNeverReachesTheDevice() throws Exception {
    start(config(1, Duration.ZERO, 1, 100));
    engine.hold();
    ListenableFuture<InspectResponse> running = client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    int before = engine.batchSizes().size();

    assertStatus(
        () ->
            client.blocking().withDeadlineAfter(1, TimeUnit.SECONDS).inspect(TestClient.request(2)),
        Status.Code.DEADLINE_EXCEEDED,
        "");
    await(() -> scrape().contains("headgate_rejections_total{reason=\"deadline\"} 1.0"));
    engine.release();

    assertThat(TestClient.echoes(running.get())).containsExactly("1");
    assertThat(TestClient.echoes(client.inspect(3))).containsExactly("3");
    assertThat(engine.batchSizes()).hasSize(before + 1);
  }

  @Test
  void aCancelledCallFreesItsPlace() throws Exception {
    start(config(1, Duration.ZERO, 1, 64));
    engine.hold();
    ListenableFuture<InspectResponse> running = client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    ListenableFuture<InspectResponse> gone =
        client.future().inspect(TestClient.request(new int[60]));
    await(() -> scrape().contains("headgate_queue_items 60.0"));

    gone.cancel(true);
    await(() -> scrape().contains("headgate_queue_items 0.0"));
    engine.release();

    assertThat(TestClient.echoes(running.get())).containsExactly("1");
    assertThat(scrape()).contains("headgate_rejections_total{reason=\"cancelled\"} 1.0");
  }

  @Test
  void aFullQueueAnswersResourceExhaustedWithARetryHint() throws Exception {
    start(config(1, Duration.ZERO, 1, 64));
    engine.hold();
    client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    ListenableFuture<InspectResponse> waiting =
        client.future().inspect(TestClient.request(new int[64]));
    await(() -> scrape().contains("headgate_queue_items 64.0"));

    assertThatThrownBy(() -> client.inspect(9))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
              assertThat(retryNanos(e)).isPositive();
              assertThat(Long.parseLong(e.getTrailers().get(Failures.PUSHBACK))).isPositive();
            });
    assertThat(scrape()).contains("headgate_rejections_total{reason=\"queue_full\"} 1.0");
    engine.release();
    assertThat(waiting.get().getResultsCount()).isEqualTo(64);
  }

  @Test
  void aGreedyCallerDoesNotLockOutAnother() throws Exception {
    start(config(1, Duration.ZERO, 1, 64));
    engine.hold();
    client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    List<ListenableFuture<InspectResponse>> greedy = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      greedy.add(client.future().inspect(TestClient.request(i)));
    }
    await(() -> scrape().contains("headgate_queue_items 64.0"));

    try (TestClient modest = new TestClient(server.port())) {
      ListenableFuture<InspectResponse> answer = modest.future().inspect(TestClient.request(7));
      await(() -> scrape().contains("headgate_rejections_total{reason=\"pushed_out\"} 1.0"));
      engine.step(); // what runs
      engine.step(); // one of the greedy caller
      engine.step(); // then the modest caller's turn

      assertThat(TestClient.echoes(answer.get(10, TimeUnit.SECONDS))).containsExactly("7");
    }
  }

  @Test
  void refusesAnOversizeMessageAndServesOn() {
    start(
        config(8, Duration.ZERO, 1, 100)
            .withLimits(
                new LimitsConfig(
                    64,
                    10_000,
                    100,
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(10),
                    Optional.empty(),
                    Duration.ofMinutes(1))));
    InspectRequest huge =
        InspectRequest.newBuilder()
            .addImages(ImageTensor.newBuilder().setRgb(ByteString.copyFrom(new byte[20_000])))
            .build();

    assertStatus(() -> client.blocking().inspect(huge), Status.Code.RESOURCE_EXHAUSTED, "10000");
    assertThat(TestClient.echoes(client.inspect(1))).containsExactly("1");
  }

  @Test
  void survivesGarbageOnThePort() throws Exception {
    start(config(8, Duration.ZERO, 1, 100));
    Random random = new Random(1);
    for (int i = 0; i < 20; i++) {
      byte[] garbage = new byte[1 + random.nextInt(5000)];
      random.nextBytes(garbage);
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.setSoTimeout(5000);
        socket.getOutputStream().write(garbage);
        socket.getOutputStream().flush();
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {}
      } catch (java.io.IOException reset) {
        assertThat(reset).isNotInstanceOf(java.net.SocketTimeoutException.class);
      }
    }

    assertThat(TestClient.echoes(client.inspect(1))).containsExactly("1");
    assertThat(server.liveness().ok()).isTrue();
  }

  @Test
  void echoesTheRequestIdOrMakesOneUp() {
    start(config(8, Duration.ZERO, 1, 100));

    assertThat(requestIdOf("order-17")).isEqualTo("order-17");
    assertThat(requestIdOf("line\tbreak <script>")).matches("[0-9a-f-]{36}");
    assertThat(requestIdOf(null)).matches("[0-9a-f-]{36}");
  }

  private String requestIdOf(String given) {
    Metadata headers = new Metadata();
    if (given != null) {
      headers.put(CallContext.REQUEST_ID_HEADER, given);
    }
    AtomicReference<Metadata> received = new AtomicReference<>();
    client
        .blocking()
        .withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(headers),
            MetadataUtils.newCaptureMetadataInterceptor(received, new AtomicReference<>()))
        .inspect(TestClient.request(1));
    return received.get().get(CallContext.REQUEST_ID_HEADER);
  }

  @Test
  void answersAHealthProbe() {
    start(config(8, Duration.ZERO, 1, 100));

    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    assertThat(health(InspectorGrpc.SERVICE_NAME)).isEqualTo(ServingStatus.SERVING);
    assertStatus(() -> health("no.such.Service"), Status.Code.NOT_FOUND, "");
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(client.channel)
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  void listsItsServicesByReflection() throws Exception {
    start(config(8, Duration.ZERO, 1, 100));
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(client.channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable t) {
                    answer.completeExceptionally(t);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());

    assertThat(answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
        .extracting(s -> s.getName())
        .contains("headgate.v1.Inspector", "grpc.health.v1.Health");
    requests.onCompleted();
  }

  @Test
  void warmsBatchSizesBeforeItIsReady() {
    start(config(8, Duration.ZERO, 1, 100));

    assertThat(engine.batchSizes()).contains(1, 2, 4, 8);
    assertThat(scrape()).doesNotContain("headgate_images_total{");
  }

  @Test
  void servesMetricsProbesAndInfoOverHttp() throws Exception {
    start(config(8, Duration.ZERO, 1, 100));
    client.inspect(1, 2, 120);

    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/readyz").body()).isEqualTo("ready\n");
    assertThat(get("/info").body())
        .contains("\"model_fingerprint\" : \"model-a\"", "\"calibration_id\" : \"calibration-a\"");
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    assertThat(get("/metrics/x").statusCode()).isEqualTo(404);
    await(() -> scrape().contains("headgate_requests_total{method=\"Inspect\",status=\"OK\"} 1.0"));
    assertThat(get("/metrics").body())
        .contains(
            "headgate_images_total{outcome=\"clean\"} 3.0",
            "headgate_batch_size_count 1",
            "headgate_batch_size_sum 3.0",
            "headgate_stage_seconds_count{stage=\"queue\"} 3",
            "headgate_stage_seconds_count{stage=\"inference\"} 1",
            "headgate_stage_seconds_count{stage=\"total\"} 1",
            "headgate_stage_seconds_bucket{stage=\"total\",le=\"0.05\"}",
            "headgate_infected_heads_count 3",
            "headgate_head_similarity_count{head=\"0\"} 3",
            "headgate_head_similarity_drift{head=\"0\"} NaN",
            "headgate_score_count{detector=\"combined\"} 3",
            "headgate_flagged_total{detector=\"combined\"} 1.0",
            "headgate_completeness_residual_count 3",
            "headgate_serving_info{calibration=\"calibration-a\",model=\"model-a\",policy=\"prune\",precision=\"fp32\"} 1",
            "headgate_queue_items 0.0",
            "headgate_ready 1.0",
            "headgate_engines 1.0")
        .containsPattern("headgate_calibration_age_seconds [1-9]")
        .containsPattern("headgate_resident_memory_bytes [1-9]")
        .containsPattern("headgate_native_memory_bytes [0-9]");
  }

  @Test
  void probesAreAnsweredWhileOtherClientsSendHalfARequest() throws Exception {
    start(config(8, Duration.ZERO, 1, 100));
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 5; i++) {
        Socket socket = new Socket("127.0.0.1", server.httpPort().orElseThrow());
        slow.add(socket);
        socket.getOutputStream().write("GET /li".getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
      }

      assertThat(get("/livez").statusCode()).isEqualTo(200);
      assertThat(get("/readyz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void swapsUnderLoadWithoutAFailedCallOrMixedIds() throws Exception {
    start(config(8, Duration.ofMillis(1), 2, 1000));
    int callers = 8;
    int perCaller = 150;
    List<CompletableFuture<List<InspectResponse>>> all = new ArrayList<>();
    for (int c = 0; c < callers; c++) {
      all.add(
          CompletableFuture.supplyAsync(
              () -> {
                List<InspectResponse> responses = new ArrayList<>();
                try (TestClient own = new TestClient(server.port())) {
                  for (int i = 0; i < perCaller; i++) {
                    responses.add(own.inspect(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
                  }
                }
                return responses;
              },
              task -> new Thread(task).start()));
    }
    boolean everUnready = false;
    List<FakeEngine> engines = new ArrayList<>(List.of(engine));
    while (!all.stream().allMatch(CompletableFuture::isDone)) {
      FakeEngine next = new FakeEngine("model-a", "calibration-" + engines.size());
      engines.add(next);

      server.serve(next, false).get(20, TimeUnit.SECONDS);
      everUnready |= !server.readiness().ok();
    }

    assertThat(engines).hasSizeGreaterThan(2);
    for (CompletableFuture<List<InspectResponse>> responses : all) {
      for (InspectResponse response : responses.get()) {
        String ids = response.getModelFingerprint() + "/" + response.getCalibrationId();
        assertThat(response.getResultsList())
            .hasSize(10)
            .allSatisfy(r -> assertThat(r.getInspection().getPolicy()).isEqualTo(ids));
      }
    }
    assertThat(everUnready).isFalse();
    assertThat(engines.subList(0, engines.size() - 1)).allMatch(FakeEngine::closed);
    assertThat(engines.get(engines.size() - 1).closed()).isFalse();
    assertThat(scrape().lines().filter(line -> line.startsWith("headgate_serving_info{")))
        .hasSize(1);
  }

  @Test
  void closingLetsRunningCallsEnd() throws Exception {
    start(config(1, Duration.ZERO, 1, 100).withGrace(Duration.ofSeconds(20)));
    engine.hold();
    ListenableFuture<InspectResponse> running = client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    ListenableFuture<InspectResponse> waiting = client.future().inspect(TestClient.request(2));
    await(() -> scrape().contains("headgate_queue_items 1.0"));

    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
    await(() -> !server.readiness().ok());
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    engine.release();

    assertThat(TestClient.echoes(running.get())).containsExactly("1");
    assertThat(TestClient.echoes(waiting.get())).containsExactly("2");
    closing.get(20, TimeUnit.SECONDS);
    assertThat(engine.closed()).isTrue();
  }

  @Test
  void aHealthWatchIsToldOfTheEndAndDoesNotHoldItUp() throws Exception {
    start(config(1, Duration.ZERO, 1, 100).withGrace(Duration.ofMinutes(10)));
    Iterator<HealthCheckResponse> watch =
        HealthGrpc.newBlockingStub(client.channel).watch(HealthCheckRequest.getDefaultInstance());
    ServingStatus before = watch.next().getStatus();

    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

    assertThat(before).isEqualTo(ServingStatus.SERVING);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    closing.get(20, TimeUnit.SECONDS);
    assertThat(engine.closed()).isTrue();
  }

  @Test
  void closingCutsOffWhatDoesNotEndInTime() throws Exception {
    start(config(1, Duration.ZERO, 1, 100).withGrace(Duration.ofMillis(100)));
    engine.hold();
    client.future().inspect(TestClient.request(1));
    engine.awaitEntered();
    ListenableFuture<InspectResponse> waiting = client.future().inspect(TestClient.request(2));
    await(() -> scrape().contains("headgate_queue_items 1.0"));

    server.close();

    assertThatThrownBy(waiting::get)
        .cause()
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    assertThat(engine.closed()).isFalse(); // its batch still runs
    engine.release();
    await(engine::closed);
  }

  @Test
  void saysWhichPortIsTaken() {
    start(config(8, Duration.ZERO, 1, 100));
    FakeEngine second = FakeEngine.create();

    assertThatThrownBy(
            () ->
                ModelServer.start(
                    ServerConfig.inProcess().withPorts(server.port(), Optional.empty()), second))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("port " + server.port())
        .hasMessageContaining("--port");
    assertThat(second.closed()).isTrue();
  }

  private void start(ServerConfig config) {
    server = ModelServer.start(config, engine);
    client = new TestClient(server.port());
    engine.entered.drainPermits();
  }

  private static ServerConfig config(int maxBatch, Duration linger, int lanes, int queueItems) {
    return ServerConfig.inProcess()
        .withPorts(0, Optional.of(0))
        .withBatching(
            new BatchingConfig(
                maxBatch, linger, lanes, queueItems, 1 << 20, Duration.ofHours(1), List.of()));
  }

  private String scrape() {
    return server.metrics().scrape();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + server.httpPort().orElseThrow() + path))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static long retryNanos(StatusRuntimeException e) {
    try {
      var delay = TestClient.retryInfo(e).orElseThrow().getRetryDelay();
      return delay.getSeconds() * 1_000_000_000L + delay.getNanos();
    } catch (Exception unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  private static void assertStatus(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Status.Code code, String words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(String.valueOf(e.getStatus().getDescription())).contains(words);
            });
  }

  /** Waits for a state that other threads bring about. */
  private static void await(java.util.function.BooleanSupplier state) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!state.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the expected state did not come about");
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
