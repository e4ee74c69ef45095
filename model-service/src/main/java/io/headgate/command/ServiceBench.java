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
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.DescribeResponse;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectorGrpc;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/**
 * Load on a running service: {@code headgate bench --service HOST:PORT}. The options of that mode,
 * to be mixed into the command.
 */
public final class ServiceBench {
  private static final int MOST_IMAGES = 256;

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
      converter = Units.OfDuration.class,
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

  /**
   * Runs the load and prints what came back.
   *
   * @param target {@code HOST:PORT}
   * @param json file for the figures; null for none
   * @throws UserException if the service cannot be reached
   */
  public void run(String target, Path json, PrintWriter out)
      throws IOException, InterruptedException {
    ServiceLoad.Plan plan = plan(seconds);
    ChannelCredentials credentials = credentials();
    DescribeResponse service = describe(target, credentials);
    ServiceLoad load =
        new ServiceLoad(target, credentials, tensors(images, service.getImageSize()));
    if (warmUpSeconds > 0) {
      load.run(plan(warmUpSeconds));
    }
    ServiceLoad.Outcome outcome = load.run(plan);
    print(plan, outcome, out);
    if (json != null) {
      Files.writeString(json, json(target, service, plan, outcome).toPrettyString() + "\n");
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
      throw new UserException(e.getMessage(), e);
    }
  }

  private ChannelCredentials credentials() throws IOException {
    if (tlsAuthorities == null) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder tls =
        TlsChannelCredentials.newBuilder().trustManager(tlsAuthorities.toFile());
    if (tlsCertificate != null && tlsKey != null) {
      tls.keyManager(tlsCertificate.toFile(), tlsKey.toFile());
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
              .formatted(target, e.getStatus()),
          e);
    } finally {
      channel.shutdownNow();
    }
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
    out.printf(
        "rejected     %,d RESOURCE_EXHAUSTED, %,d DEADLINE_EXCEEDED%n",
        outcome.failed(Status.Code.RESOURCE_EXHAUSTED),
        outcome.failed(Status.Code.DEADLINE_EXCEEDED));
    out.printf("errors       %,d calls, %,d images%n", outcome.errors(), outcome.itemErrors());
    outcome
        .calibrations()
        .forEach(
            (id, answers) -> out.printf("answers      %,d with calibration %s%n", answers, id));
    out.flush();
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
    json.put("other_errors", outcome.errors());
    json.put("item_errors", outcome.itemErrors());
    ObjectNode ids = json.putObject("answers_by_calibration");
    outcome.calibrations().forEach(ids::put);
    return json;
  }
}
