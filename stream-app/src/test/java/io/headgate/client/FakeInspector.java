package io.headgate.client;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.DescribeResponse;
import io.headgate.v1.grpc.DetectorScore;
import io.headgate.v1.grpc.Evidence;
import io.headgate.v1.grpc.ImageResult;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.Inspection;
import io.headgate.v1.grpc.InspectorGrpc;
import io.headgate.v1.grpc.ItemError;
import io.headgate.v1.grpc.Label;
import io.headgate.v1.grpc.Route;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A model service that judges by the first pixel's red: up to 99 clean, up to 199 repaired, above
 * that quarantined. Real gRPC on a loopback port, so that it can go away and come back.
 */
public final class FakeInspector implements AutoCloseable {
  public static final String MODEL = "model-a";
  public static final String CALIBRATION = "calibration-a";

  private final ServerCredentials credentials;
  private final int port;
  private final List<Integer> batches = new CopyOnWriteArrayList<>();
  private volatile String calibration = CALIBRATION;
  private volatile int imageSize = 16;
  private volatile int maxItems = 32;
  private volatile long latencyMillis;
  private volatile Function<InspectRequest, Status> fault = request -> Status.OK;
  private volatile Server server;

  public FakeInspector() {
    this(InsecureServerCredentials.create());
  }

  FakeInspector(ServerCredentials credentials) {
    this.credentials = credentials;
    server = start(0);
    port = server.getPort();
  }

  private Server start(int wanted) {
    try {
      return NettyServerBuilder.forAddress(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), credentials)
          .maxInboundMessageSize(64 << 20)
          .addService(new Service())
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  public FakeInspector imageSize(int pixels) {
    imageSize = pixels;
    return this;
  }

  /** Takes another calibration into force: calls that begin from now on are judged with it. */
  public FakeInspector calibration(String id) {
    calibration = id;
    return this;
  }

  public FakeInspector maxItems(int items) {
    maxItems = items;
    return this;
  }

  public FakeInspector latencyMillis(long millis) {
    latencyMillis = millis;
    return this;
  }

  /** Ends calls with what {@code status} says of them, unless it is OK. */
  public FakeInspector fault(Function<InspectRequest, Status> status) {
    fault = status;
    return this;
  }

  /** Sizes of the batches answered so far. */
  public List<Integer> batches() {
    return List.copyOf(batches);
  }

  public int answered() {
    return batches.stream().mapToInt(Integer::intValue).sum();
  }

  /** Goes away: connections break, the port is closed. */
  public void stop() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Comes back on the same port. */
  public void restart() {
    server = start(port);
  }

  @Override
  public void close() {
    stop();
  }

  private final class Service extends InspectorGrpc.InspectorImplBase {
    @Override
    public void describe(DescribeRequest request, StreamObserver<DescribeResponse> response) {
      response.onNext(
          DescribeResponse.newBuilder()
              .setModelFingerprint(MODEL)
              .setCalibrationId(calibration)
              .setImageSize(imageSize)
              .setMaxItemsPerRequest(maxItems)
              .setMaxRequestBytes(32 << 20)
              .build());
      response.onCompleted();
    }

    @Override
    public void inspect(InspectRequest request, StreamObserver<InspectResponse> response) {
      Status status = fault.apply(request);
      if (!status.isOk()) {
        response.onError(status.asRuntimeException());
        return;
      }
      if (latencyMillis > 0) {
        try {
          TimeUnit.MILLISECONDS.sleep(latencyMillis);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      String judge = calibration;
      InspectResponse.Builder all =
          InspectResponse.newBuilder().setModelFingerprint(MODEL).setCalibrationId(judge);
      request.getImagesList().forEach(image -> all.addResults(judge(image, judge)));
      batches.add(request.getImagesCount());
      response.onNext(all.build());
      response.onCompleted();
    }

    private ImageResult judge(ImageTensor image, String calibrationId) {
      if (image.getWidth() != imageSize || image.getHeight() != imageSize) {
        return ImageResult.newBuilder()
            .setError(
                ItemError.newBuilder()
                    .setCode("WRONG_SHAPE")
                    .setMessage("%d (expected: %d)".formatted(image.getWidth(), imageSize)))
            .build();
      }
      int red = red(image);
      Inspection.Builder inspection =
          Inspection.newBuilder()
              .addEmbedding(red / 255f)
              // says by itself what judged, beside the call's own statement
              .addScores(DetectorScore.newBuilder().setDetector(calibrationId))
              .setPolicy("prune")
              .addLabels(Label.newBuilder().setName("red-" + red).setProbability(1));
      if (red < 100) {
        inspection.setRoute(Route.ROUTE_CLEAN);
      } else if (red < 200) {
        inspection.setRoute(Route.ROUTE_REPAIRED).setEmbeddingRepaired(true);
        inspection.setSuspectedLabel("banana");
      } else {
        inspection
            .setRoute(Route.ROUTE_QUARANTINED)
            .setSuspectedLabel("banana")
            .setEvidence(Evidence.newBuilder().setLayers(1).setHeads(1).addLastLayerHeads(1));
      }
      return ImageResult.newBuilder().setInspection(inspection).build();
    }
  }

  /** The first pixel's red, by which this service judges. */
  public static int red(ImageTensor image) {
    return image.getRgb().byteAt(0) & 0xff;
  }
}
