package io.headgate.registry;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * One subject of the registry beside what Headgate needs.
 *
 * @param subject its name, {@code <topic>-value}
 * @param compatibility level in force for it
 * @param version of Headgate's schema in the subject, null when it is not registered
 * @param id of that schema, null when it is not registered
 * @param problems what is wrong and what to do, empty when all is well
 */
public record SubjectState(
    @JsonProperty("subject") String subject,
    @JsonProperty("compatibility") String compatibility,
    @JsonProperty("version") Integer version,
    @JsonProperty("id") Integer id,
    @JsonProperty("problems") List<String> problems) {
  public SubjectState {
    problems = List.copyOf(problems);
  }

  /** Whether producers and consumers can use the subject as it is. */
  public boolean ok() {
    return problems.isEmpty();
  }
}
