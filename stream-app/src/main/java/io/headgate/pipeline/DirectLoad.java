package io.headgate.pipeline;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The model service driven directly: full calls of images that are decoded already, always as many
 * open as the guard may have. What the service can do when nothing else needs the machine.
 */
final class DirectLoad {
  private static final int MOST_BYTES = 64 << 20;

  private final String address;
  private final List<ImageTensor> images;

  /**
   * @param images asked about in turns
   */
  DirectLoad(String address, List<ImageTensor> images) {
    this.address = address;
    this.images = List.copyOf(images);
  }

  /** Images per second. */
  double run(int batch, int inFlight, Duration duration)
      throws InterruptedException, ExecutionException {
    ManagedChannel channel =
        Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
            .maxInboundMessageSize(MOST_BYTES)
            .build();
    ExecutorService callers = Executors.newFixedThreadPool(inFlight);
    try {
      long start = System.nanoTime();
      long end = start + duration.toNanos();
      List<Future<Long>> counts = new ArrayList<>();
      for (int i = 0; i < inFlight; i++) {
        int first = i * batch;
        counts.add(callers.submit(() -> ask(channel, first, batch, batch * inFlight, end)));
      }
      long judged = 0;
      for (Future<Long> count : counts) {
        judged += count.get();
      }
      return judged / ((System.nanoTime() - start) / 1e9);
    } finally {
      callers.shutdownNow();
      channel.shutdownNow();
    }
  }

  private long ask(ManagedChannel channel, int first, int batch, int stride, long end) {
    InspectorGrpc.InspectorBlockingStub stub = InspectorGrpc.newBlockingStub(channel);
    long judged = 0;
    for (int at = first; System.nanoTime() < end; at += stride) {
      InspectRequest.Builder request = InspectRequest.newBuilder();
      for (int i = 0; i < batch; i++) {
        request.addImages(images.get((at + i) % images.size()));
      }
      InspectResponse response = stub.inspect(request.build());
      judged += response.getResultsList().stream().filter(r -> r.hasInspection()).count();
    }
    return judged;
  }
}
