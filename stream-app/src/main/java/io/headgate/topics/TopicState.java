package io.headgate.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * One topic of the cluster beside what it should be.
 *
 * @param topic its name
 * @param exists whether the cluster has it
 * @param created whether it was created just now
 * @param partitions it has, or would get
 * @param problems what is wrong and what to do, empty when all is well
 */
public record TopicState(
    @JsonProperty("topic") String topic,
    @JsonProperty("exists") boolean exists,
    @JsonProperty("created") boolean created,
    @JsonProperty("partitions") int partitions,
    @JsonProperty("problems") List<String> problems) {
  public TopicState {
    problems = List.copyOf(problems);
  }
}
