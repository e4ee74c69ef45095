package io.headgate.serving;

import com.google.protobuf.ByteString;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One real connection to a server on loopback. */
final class TestClient implements AutoCloseable {
  final ManagedChannel channel;

  TestClient(int port) {
    this(port, InsecureChannelCredentials.create());
  }

  TestClient(int port, ChannelCredentials credentials) {
    this.channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, credentials)
            .overrideAuthority("localhost")
            .maxInboundMessageSize(64 << 20)
            .build();
  }

  InspectorGrpc.InspectorBlockingStub blocking() {
    return InspectorGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  InspectorGrpc.InspectorFutureStub future() {
    return InspectorGrpc.newFutureStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  InspectResponse inspect(int... values) {
    return blocking().inspect(request(values));
  }

  static InspectRequest request(int... values) {
    InspectRequest.Builder request = InspectRequest.newBuilder();
    for (int value : values) {
      request.addImages(tensor(FakeEngine.image(value)));
    }
    return request.build();
  }

  static ImageTensor tensor(RgbImage image) {
    return ImageTensor.newBuilder()
        .setWidth(image.width())
        .setHeight(image.height())
        .setRgb(ByteString.copyFrom(image.rgb()))
        .build();
  }

  /** The fake engine's echo of each image; the code for one that failed. */
  static List<String> echoes(InspectResponse response) {
    return response.getResultsList().stream()
        .map(
            result ->
                result.hasError()
                    ? result.getError().getCode()
                    : result.getInspection().getLabels(0).getName())
        .toList();
  }

  static Optional<com.google.rpc.RetryInfo> retryInfo(StatusRuntimeException e) throws Exception {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    return status == null || status.getDetailsCount() == 0
        ? Optional.empty()
        : Optional.of(status.getDetails(0).unpack(com.google.rpc.RetryInfo.class));
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
