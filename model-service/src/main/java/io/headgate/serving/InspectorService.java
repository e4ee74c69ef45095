package io.headgate.serving;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.DescribeResponse;
import io.headgate.v1.grpc.ImageResult;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import io.headgate.v1.grpc.ItemError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The wire: requests to calls of the batcher, outcomes to responses. */
final class InspectorService extends InspectorGrpc.InspectorImplBase {
  private static final int DEFAULT_LABELS = 5;
  private static final int MAX_LABELS = 1000;
  private static final Logger log = LoggerFactory.getLogger(InspectorService.class);

  private final DynamicBatcher batcher;
  private final LimitsConfig limits;
  private final BatchListener listener;
  private final Executor answers;

  /**
   * @param answers writes responses, so that lanes go straight to their next batch
   */
  InspectorService(
      DynamicBatcher batcher, LimitsConfig limits, BatchListener listener, Executor answers) {
    this.batcher = batcher;
    this.limits = limits;
    this.listener = listener;
    this.answers = answers;
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<DescribeResponse> response) {
    Generation generation = batcher.retainCurrent();
    if (generation == null) {
      response.onError(notReady());
      return;
    }
    EngineDescription engine = generation.description();
    generation.release();
    response.onNext(
        DescribeResponse.newBuilder()
            .setModelFingerprint(engine.ids().modelFingerprint())
            .setCalibrationId(engine.ids().calibrationId())
            .setImageSize(engine.imageSize())
            .setLayers(engine.layers())
            .setHeads(engine.heads())
            .setEmbedding(engine.embedding())
            .setPreprocessing(engine.preprocessing())
            .setMaxItemsPerRequest(limits.maxItemsPerRequest())
            .setMaxRequestBytes(limits.maxRequestBytes())
            .setPrecision(engine.precision())
            .setPolicy(engine.policy())
            .addAllClasses(engine.classes())
            .build());
    response.onCompleted();
  }

  @Override
  public void inspect(InspectRequest request, StreamObserver<InspectResponse> response) {
    Generation generation = batcher.retainCurrent();
    if (generation == null) {
      response.onError(notReady());
      return;
    }
    Status refusal = refusal(request, generation.description());
    if (refusal != null) {
      generation.release();
      response.onError(refusal.asRuntimeException());
      return;
    }
    inspect(request, generation, (ServerCallStreamObserver<InspectResponse>) response);
  }

  private void inspect(
      InspectRequest request,
      Generation generation,
      ServerCallStreamObserver<InspectResponse> response) {
    EngineDescription engine = generation.description();
    List<Question> images = new ArrayList<>(request.getImagesCount());
    int topLabels = request.getOptions().getTopLabels();
    int labels =
        topLabels == 0 ? DEFAULT_LABELS : Math.min(topLabels & Integer.MAX_VALUE, MAX_LABELS);
    boolean evidence = request.getOptions().getAlwaysEvidence();
    ItemOutcome[] outcomes = new ItemOutcome[request.getImagesCount()];
    for (int i = 0; i < outcomes.length; i++) {
      ImageTensor tensor = request.getImages(i);
      outcomes[i] = wrongShape(tensor, engine.imageSize());
      if (outcomes[i] == null) {
        images.add(
            new Question(
                new RgbImage(engine.imageSize(), engine.imageSize(), tensor.getRgb().toByteArray()),
                labels,
                evidence));
      }
    }
    if (images.isEmpty()) {
      generation.release();
      answer(engine, outcomes, List.of(), response);
      return;
    }
    String requestId = CallContext.REQUEST_ID.get();
    PendingCall call;
    try {
      call =
          batcher.submit(CallContext.CALLER.get(), requestId, generation, images, deadlineNanos());
    } catch (CallRejectedException e) {
      response.onError(Failures.of(e));
      return;
    }
    response.setOnCancelHandler(() -> batcher.cancel(call));
    call.answer()
        .whenCompleteAsync(
            (judged, failure) -> {
              if (failure != null) {
                fail(failure, requestId, response);
                return;
              }
              try {
                answer(engine, outcomes, judged, response);
              } catch (RuntimeException e) { // Nobody else would tell the caller.
                fail(e, requestId, response);
              }
            },
            answers);
  }

  private Status refusal(InspectRequest request, EngineDescription engine) {
    int count = request.getImagesCount();
    if (count < 1 || count > limits.maxItemsPerRequest()) {
      return Status.INVALID_ARGUMENT.withDescription(
          "images: %d (expected: 1 to %d in one request)"
              .formatted(count, limits.maxItemsPerRequest()));
    }
    String model = request.getExpectedModelFingerprint();
    if (!model.isEmpty() && !model.equals(engine.ids().modelFingerprint())) {
      return Status.FAILED_PRECONDITION.withDescription(
          "expected model fingerprint: %s (serving: %s); call Describe and retry with what is served, or another replica"
              .formatted(model, engine.ids().modelFingerprint()));
    }
    String calibration = request.getExpectedCalibrationId();
    if (!calibration.isEmpty() && !calibration.equals(engine.ids().calibrationId())) {
      return Status.FAILED_PRECONDITION.withDescription(
          "expected calibration id: %s (serving: %s); call Describe and retry with what is served, or another replica"
              .formatted(calibration, engine.ids().calibrationId()));
    }
    return null;
  }

  /** The item's error, or null if it is as it should be. */
  private ItemOutcome wrongShape(ImageTensor tensor, int side) {
    ByteString rgb = tensor.getRgb();
    if (tensor.getWidth() == side && tensor.getHeight() == side && rgb.size() == 3 * side * side) {
      return null;
    }
    listener.itemFailed(ItemOutcome.Code.WRONG_SHAPE);
    return new ItemOutcome.Failed(
        ItemOutcome.Code.WRONG_SHAPE,
        "image tensor: %sx%s with %d bytes (expected: %dx%d with %d bytes, uint8 RGB, row-major); resize and crop it first"
            .formatted(
                Integer.toUnsignedString(tensor.getWidth()),
                Integer.toUnsignedString(tensor.getHeight()),
                rgb.size(),
                side,
                side,
                3 * side * side));
  }

  private static long deadlineNanos() {
    Deadline deadline = Context.current().getDeadline();
    return deadline == null
        ? PendingCall.NO_DEADLINE
        : System.nanoTime() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
  }

  private void answer(
      EngineDescription engine,
      ItemOutcome[] outcomes,
      List<ItemOutcome> judged,
      ServerCallStreamObserver<InspectResponse> response) {
    if (response.isCancelled()) {
      return;
    }
    InspectResponse.Builder message =
        InspectResponse.newBuilder()
            .setModelFingerprint(engine.ids().modelFingerprint())
            .setCalibrationId(engine.ids().calibrationId());
    int next = 0;
    for (ItemOutcome outcome : outcomes) {
      message.addResults(result(outcome == null ? judged.get(next++) : outcome));
    }
    response.onNext(message.build());
    response.onCompleted();
  }

  private static ImageResult result(ItemOutcome outcome) {
    ImageResult.Builder result = ImageResult.newBuilder();
    if (outcome instanceof ItemOutcome.Done done) {
      return result.setInspection(done.judged().inspection()).build();
    }
    ItemOutcome.Failed failed = (ItemOutcome.Failed) outcome;
    return result
        .setError(ItemError.newBuilder().setCode(failed.code().name()).setMessage(failed.message()))
        .build();
  }

  private static void fail(
      Throwable failure, String requestId, ServerCallStreamObserver<InspectResponse> response) {
    if (response.isCancelled() || failure instanceof CancellationException) {
      return;
    }
    if (failure instanceof CallRejectedException e) {
      response.onError(Failures.of(e));
    } else if (failure instanceof DeadlinePassedException e) {
      response.onError(Status.DEADLINE_EXCEEDED.withDescription(e.getMessage()).asException());
    } else {
      log.atError().addKeyValue("request_id", requestId).setCause(failure).log("call failed");
      response.onError(
          Status.INTERNAL
              .withDescription("the service failed on this call; see its log")
              .asException());
    }
  }

  private static RuntimeException notReady() {
    return Failures.unavailable(
        "no model is being served yet: try again when the service is ready", Duration.ofSeconds(1));
  }
}
