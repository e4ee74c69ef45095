package io.headgate.pipeline;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import io.headgate.imaging.RgbImage;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.Topics;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.Inspection;
import io.headgate.v1.grpc.InspectorGrpc;
import io.headgate.v1.grpc.Route;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The rival: a topology that decodes each record and calls the service for it, one blocking call
 * after the other. It does less than a guard (the event is passed on as it came, there are no dead
 * letters), so the comparison flatters it.
 */
final class BlockingGuard implements AutoCloseable {
  private static final Duration GOODBYE = Duration.ofSeconds(10);

  private final KafkaStreams streams;
  private final ManagedChannel channel;

  private BlockingGuard(KafkaStreams streams, ManagedChannel channel) {
    this.streams = streams;
    this.channel = channel;
  }

  /**
   * @param size side of the model's images
   * @param more settings of Kafka Streams
   */
  static BlockingGuard start(
      String bootstrap,
      HeadgateSerdes serdes,
      String service,
      int size,
      Topics topics,
      int threads,
      Path state,
      Map<String, Object> more) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(service, InsecureChannelCredentials.create()).build();
    Topology topology = new Topology();
    topology.addSource(
        "submitted", new ByteArrayDeserializer(), new ByteArrayDeserializer(), topics.submitted());
    topology.addProcessor("judge", () -> new Judge(serdes, channel, size, topics), "submitted");
    for (String topic : topics.outputs().subList(0, 3)) {
      topology.addSink(topic, topic, new ByteArraySerializer(), new ByteArraySerializer(), "judge");
    }
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "headgate-blocking");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    properties.putAll(more);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    streams.start();
    return new BlockingGuard(streams, channel);
  }

  @Override
  public void close() {
    streams.close(GOODBYE);
    channel.shutdownNow();
  }

  /** Owned by its stream thread. */
  private static final class Judge implements Processor<byte[], byte[], byte[], byte[]> {
    private final Serde<ImageSubmitted> serde;
    private final InspectorGrpc.InspectorBlockingStub stub;
    private final ImagePreprocessor imaging = new ImagePreprocessor(ImageLimits.defaults());
    private final int size;
    private final Topics topics;
    private ProcessorContext<byte[], byte[]> context;

    Judge(HeadgateSerdes serdes, ManagedChannel channel, int size, Topics topics) {
      this.serde = serdes.imageSubmitted();
      this.stub = InspectorGrpc.newBlockingStub(channel);
      this.size = size;
      this.topics = topics;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> taskContext) {
      context = taskContext;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      ImageSubmitted event = serde.deserializer().deserialize(topics.submitted(), record.value());
      ByteBuffer file = ((InlineImage) event.getContent()).getBytes();
      byte[] bytes = new byte[file.remaining()];
      file.duplicate().get(bytes);
      RgbImage image;
      try {
        image = imaging.crop(bytes, size);
      } catch (ImageRejectedException e) {
        throw new IllegalStateException("the bench submits no broken image", e);
      }
      Inspection inspection =
          stub.inspect(
                  InspectRequest.newBuilder()
                      .addImages(
                          ImageTensor.newBuilder()
                              .setWidth(image.width())
                              .setHeight(image.height())
                              .setRgb(UnsafeByteOperations.unsafeWrap(image.rgb())))
                      .build())
              .getResults(0)
              .getInspection();
      context.forward(record, sink(inspection.getRoute()));
    }

    private String sink(Route route) {
      return switch (route) {
        case ROUTE_CLEAN -> topics.clean();
        case ROUTE_REPAIRED -> topics.repaired();
        default -> topics.quarantined();
      };
    }

    @Override
    public void close() {
      serde.close();
    }
  }
}
