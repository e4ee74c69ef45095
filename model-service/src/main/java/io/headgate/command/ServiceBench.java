package io.headgate.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.connection.DurationConverter;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.guard.Guard;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.serving.BatchingConfig;
import io.headgate.serving.ModelServer;
import io.headgate.serving.ServedModel;
import io.headgate.serving.ServerConfig;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.DescribeResponse;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectorGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/**
 * Load on a model service: {@code headgate bench --service HOST:PORT}, or {@code --serve} on one in
 * this process, compared with the same model called directly. The options of these modes, to be
 * mixed into the command.
 */
public final class ServiceBench {
  private static final int MOST_IMAGES = 256;

  /** Turns of direct calls and service, so that both meet the same machine. */
  private static final int ROUNDS = 5;

  @Option(
      names = "--service",
      paramLabel = "HOST:PORT",
      description = "Put load on a running model service.")
  private String service;

  @Option(
      names = "--serve",
      description =
          "Serve --model with --calibration in this process, over gRPC on loopback, and compare with"
              + " the same model called directly in full batches, in turns.")
  private boolean serve;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description = "With --serve: the model's calibration.")
  private Path calibration;

  @Option(
      names = "--callers",
      paramLabel = "N",
      description = "Callers at the same time. Default: 64.")
  private int callers = 64;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description =
          "Calls per second of all callers; latency then counts from a call's appointed time."
              + " Default: each caller asks again once answered.")
  private double rate;

  @Option(names = "--seconds", paramLabel = "S", description = "Length of the run. Default: 10.")
  private double seconds = 10;

  @Option(
      names = "--warm-up-seconds",
      paramLabel = "S",
      description = "Of the same load before anything is counted. Default: 2.")
  private double warmUpSeconds = 2;

  @Option(
      names = "--images-per-call",
      paramLabel = "N",
      description = "Images in one request. Default: 1.")
  private int imagesPerCall = 1;

  @Option(
      names = "--load-images",
      paramLabel = "DIR",
      description = "Images to ask about. Default: noise, which a guard may well find suspicious.")
  private Path images;

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "Of every call. Default: 10s.")
  private Duration deadline = Duration.ofSeconds(10);

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "Connections that the callers share. Default: 8.")
  private int connections = 8;

  @Option(
      names = "--tls-authorities",
      paramLabel = "PEM",
      description = "Authorities of the service's certificate; switches TLS on.")
  private Path tlsAuthorities;

  @Option(
      names = "--tls-client-certificate",
      paramLabel = "PEM",
      description = "This client's certificate chain.")
  private Path tlsCertificate;

  @Option(names = "--tls-client-key", paramLabel = "PEM", description = "Its private key.")
  private Path tlsKey;

  /** Whether the command line asks for load on a service. */
  public boolean asked() {
    return service != null || serve;
  }

  /** Whether that service is to be started in this process. */
  public boolean serves() {
    return serve;
  }

  /**
   * Puts load on a service and prints what came back.
   *
   * @param model to be served with {@code --serve}
   * @param json file for the figures; null for none
   * @throws UserException if the command line is at odds with itself or the service cannot be
   *     reached
   */
  public void run(ModelOptions model, Path json, PrintWriter out)
      throws IOException, InterruptedException {
    if (service != null && serve) {
      throw new UsageException("--service or --serve: expected one of them");
    }
    if (serve) {
      compare(model, json, out);
    } else {
      load(json, out);
    }
  }

  private void load(Path json, PrintWriter out) throws IOException, InterruptedException {
    ServiceLoad.Plan plan = plan(seconds);
    ChannelCredentials credentials = credentials();
    DescribeResponse description = describe(service, credentials);
    ServiceLoad load =
        new ServiceLoad(service, credentials, tensors(images, description.getImageSize()));
    if (warmUpSeconds > 0) {
      load.run(plan(warmUpSeconds));
    }
    ServiceLoad.Outcome outcome = load.run(plan);
    requireAnswers(outcome);
    print(plan, outcome, out);
    write(json, json(service, description, plan, outcome));
  }

  /** Serves a model in this process and compares it under load with direct calls. */
  private void compare(ModelOptions model, Path json, PrintWriter out)
      throws IOException, InterruptedException {
    if (!model.present()) {
      throw new UsageException("--model DIR is missing (expected: the model to serve)");
    }
    if (calibration == null) {
      throw new UsageException("--calibration FILE is missing (expected: one made for --model)");
    }
    BatchingConfig batching = BatchingConfig.defaults();
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / batching.lanes());
    Calibration served = Calibration.load(calibration);
    try (ClipModel clip = ClipModel.open(model.path(), model.options().withThreads(threads));
        ModelServer server =
            ModelServer.start(
                ServerConfig.inProcess(), ServedModel.of(clip, served, RepairPolicy.PRUNE))) {
      String target = ServerConfig.LOOPBACK + ":" + server.port();
      ChannelCredentials plain = InsecureChannelCredentials.create();
      DescribeResponse description = describe(target, plain);
      List<ImageTensor> tensors = tensors(images, description.getImageSize());
      ServiceLoad load = new ServiceLoad(target, plain, tensors);
      DirectLoad direct =
          new DirectLoad(
              new Guard(clip, clip.classifier(), served, RepairPolicy.PRUNE),
              tensors,
              batching.maxBatch(),
              batching.lanes());
      Duration round = Duration.ofNanos((long) (seconds / ROUNDS * 1e9));
      direct.run(Duration.ofNanos((long) (warmUpSeconds * 1e9)));
      load.run(plan(Math.max(0.1, warmUpSeconds)));
      List<DirectLoad.Outcome> directs = new ArrayList<>();
      List<ServiceLoad.Outcome> serviced = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        directs.add(direct.run(round));
        serviced.add(load.run(plan(seconds / ROUNDS)));
      }
      ServiceLoad.Plan plan = plan(seconds);
      ServiceLoad.Outcome outcome = ServiceLoad.Outcome.together(serviced);
      requireAnswers(outcome);
      print(plan, outcome, out);
      ObjectNode figures = json(target, description, plan, outcome);
      print(DirectLoad.Outcome.together(directs), outcome, batching, figures, out);
      write(json, figures);
    }
  }

  /** What direct calls did beside the service, on paper and as JSON. */
  private static void print(
      DirectLoad.Outcome direct,
      ServiceLoad.Outcome outcome,
      BatchingConfig batching,
      ObjectNode json,
      PrintWriter out) {
    double ratio = outcome.throughput() / direct.throughput();
    double lingerMillis = batching.linger().toNanos() / 1e6;
    double patience = direct.batchMillis() + lingerMillis;
    double waits = outcome.percentileMillis(99) / patience;
    out.printf(
        Locale.ROOT,
        "direct       %.1f images/s: %d threads, batches of %d in %.1f ms (median)%n",
        direct.throughput(),
        batching.lanes(),
        batching.maxBatch(),
        direct.batchMillis());
    out.printf(
        Locale.ROOT,
        "compared     throughput %.0f %% of direct; p99 %.2f x (full batch + linger of %.0f ms)%n",
        100 * ratio,
        waits,
        lingerMillis);
    out.flush();
    json.put("direct_images_per_second", direct.throughput());
    json.put("direct_threads", batching.lanes());
    json.put("full_batch", batching.maxBatch());
    json.put("full_batch_ms", direct.batchMillis());
    json.put("linger_ms", lingerMillis);
    json.put("throughput_over_direct", ratio);
    json.put("p99_over_full_batch_and_linger", waits);
  }

  private static void write(Path file, ObjectNode json) throws IOException {
    if (file != null) {
      Files.writeString(file, json.toPrettyString() + "\n");
    }
  }

  private ServiceLoad.Plan plan(double length) {
    try {
      return new ServiceLoad.Plan(
          callers,
          rate,
          Duration.ofNanos((long) (length * 1e9)),
          imagesPerCall,
          deadline,
          Math.min(connections, callers));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private ChannelCredentials credentials() throws IOException {
    if ((tlsCertificate == null) != (tlsKey == null)) {
      throw new UsageException(
          "%s is missing (expected: --tls-client-certificate and --tls-client-key together)"
              .formatted(tlsKey == null ? "--tls-client-key" : "--tls-client-certificate"));
    }
    if (tlsAuthorities == null) {
      if (tlsCertificate != null) {
        throw new UsageException(
            "--tls-authorities is missing (expected: the PEM file of who signed the service's"
                + " certificate)");
      }
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    try (InputStream authorities = Files.newInputStream(tlsAuthorities)) {
      tls.trustManager(authorities);
    }
    if (tlsKey != null) {
      try (InputStream certificate = Files.newInputStream(tlsCertificate);
          InputStream key = Files.newInputStream(tlsKey)) {
        tls.keyManager(certificate, key);
      }
    }
    return tls.build();
  }

  private static DescribeResponse describe(String target, ChannelCredentials credentials) {
    ManagedChannel channel = Grpc.newChannelBuilder(target, credentials).build();
    try {
      return InspectorGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .describe(DescribeRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      throw new UserException(
          "service %s does not answer: %s (expected: HOST:PORT of a running 'headgate serve')"
              .formatted(target, reason(e.getStatus())),
          e);
    } finally {
      channel.shutdownNow();
    }
  }

  /** A status in one line: its causes come with stack traces. */
  static String reason(Status status) {
    StringBuilder reason = new StringBuilder(status.getCode().name());
    if (status.getDescription() != null) {
      reason.append(": ").append(status.getDescription().lines().findFirst().orElse(""));
    }
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    if (root != null && root.getMessage() != null) {
      reason.append(" (").append(root.getMessage().lines().findFirst().orElse("")).append(")");
    }
    return reason.toString();
  }

  /** Images of a folder, or seeded noise, as the service takes them. */
  static List<ImageTensor> tensors(Path folder, int side) throws IOException {
    List<ImageTensor> tensors = new ArrayList<>();
    if (folder == null) {
      Random random = new Random(1);
      for (int i = 0; i < MOST_IMAGES; i++) {
        byte[] rgb = new byte[side * side * 3];
        random.nextBytes(rgb);
        tensors.add(tensor(side, rgb));
      }
      return tensors;
    }
    List<Path> files = ImageFiles.list(folder);
    files = files.subList(0, Math.min(files.size(), MOST_IMAGES));
    try (ImageFiles reader = new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), side)) {
      reader.forEach(
          folder,
          files,
          32,
          batch ->
              batch.stream()
                  .filter(image -> image.pixels() != null)
                  .forEach(image -> tensors.add(tensor(side, image.pixels().rgb()))));
    }
    if (tensors.isEmpty()) {
      throw new UserException("%s: no usable images (expected: JPEG, PNG …)".formatted(folder));
    }
    return tensors;
  }

  private static ImageTensor tensor(int side, byte[] rgb) {
    return ImageTensor.newBuilder()
        .setWidth(side)
        .setHeight(side)
        .setRgb(ByteString.copyFrom(rgb))
        .build();
  }

  private static void print(ServiceLoad.Plan plan, ServiceLoad.Outcome outcome, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "callers      %d on %d connections, %d image(s) a call, %s%n",
        plan.callers(),
        plan.connections(),
        plan.imagesPerCall(),
        plan.rate() == 0
            ? "each asking again once answered"
            : String.format(Locale.ROOT, "%.1f calls/s", plan.rate()));
    out.printf(
        Locale.ROOT,
        "throughput   %.1f images/s (%,d images in %.1f s)%n",
        outcome.throughput(),
        outcome.images(),
        outcome.seconds());
    out.printf(
        Locale.ROOT,
        "latency      p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, max %.1f ms%n",
        outcome.percentileMillis(50),
        outcome.percentileMillis(95),
        outcome.percentileMillis(99),
        outcome.percentileMillis(100));
    if (outcome.unsent() > 0) {
      out.printf(
          "unsent       %,d calls: all callers were waiting when they were due (more --callers?)%n",
          outcome.unsent());
    }
    out.printf(
        "rejected     %,d RESOURCE_EXHAUSTED, %,d DEADLINE_EXCEEDED%n",
        outcome.failed(Status.Code.RESOURCE_EXHAUSTED),
        outcome.failed(Status.Code.DEADLINE_EXCEEDED));
    out.printf("errors       %,d calls, %,d images%n", errors(outcome), outcome.itemErrors());
    outcome.errors().values().forEach(failed -> out.println("             " + failed.example()));
    outcome
        .calibrations()
        .forEach(
            (id, answers) -> out.printf("answers      %,d with calibration %s%n", answers, id));
    out.flush();
  }

  private static long errors(ServiceLoad.Outcome outcome) {
    return outcome.errors().values().stream().mapToLong(ServiceLoad.Outcome.Failed::calls).sum();
  }

  /** Figures of a service that answered nothing would be no figures. */
  private static void requireAnswers(ServiceLoad.Outcome outcome) {
    if (outcome.answered() == 0) {
      throw new UserException(
          "no call was answered (%s)"
              .formatted(
                  outcome.failures().values().stream()
                      .map(failed -> "%,d with %s".formatted(failed.calls(), failed.example()))
                      .collect(Collectors.joining("; "))));
    }
  }

  private static ObjectNode json(
      String target, DescribeResponse service, ServiceLoad.Plan plan, ServiceLoad.Outcome outcome) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("service", target);
    json.put("model_fingerprint", service.getModelFingerprint());
    json.put("precision", service.getPrecision());
    json.put("callers", plan.callers());
    json.put("connections", plan.connections());
    json.put("images_per_call", plan.imagesPerCall());
    json.put("rate_calls_per_second", plan.rate());
    json.put("seconds", outcome.seconds());
    json.put("answered_calls", outcome.answered());
    json.put("images", outcome.images());
    json.put("images_per_second", outcome.throughput());
    json.put("latency_p50_ms", outcome.percentileMillis(50));
    json.put("latency_p95_ms", outcome.percentileMillis(95));
    json.put("latency_p99_ms", outcome.percentileMillis(99));
    json.put("latency_max_ms", outcome.percentileMillis(100));
    json.put("resource_exhausted", outcome.failed(Status.Code.RESOURCE_EXHAUSTED));
    json.put("deadline_exceeded", outcome.failed(Status.Code.DEADLINE_EXCEEDED));
    json.put("unsent_calls", outcome.unsent());
    json.put("other_errors", errors(outcome));
    json.put("item_errors", outcome.itemErrors());
    ObjectNode ids = json.putObject("answers_by_calibration");
    outcome.calibrations().forEach(ids::put);
    return json;
  }
}
