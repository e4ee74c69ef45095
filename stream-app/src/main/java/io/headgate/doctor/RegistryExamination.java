package io.headgate.doctor;

import io.headgate.console.UserException;
import io.headgate.doctor.Finding.Check;
import io.headgate.registry.SchemaSubjects;
import io.headgate.registry.SubjectState;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.GuardConfig;
import java.util.ArrayList;
import java.util.List;

/** Whether the schema registry answers and has the schemas. */
final class RegistryExamination {
  private final GuardConfig config;

  RegistryExamination(GuardConfig config) {
    this.config = config;
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    String url = config.registry().get(HeadgateSerdes.REGISTRY_URL);
    if (Boolean.parseBoolean(config.registry().get(HeadgateSerdes.AUTO_REGISTER))) {
      findings.add(
          Finding.warning(
              Check.REGISTRY,
              HeadgateSerdes.AUTO_REGISTER + " is on: a guard may change subjects as it goes",
              "unset it in --registry-config and SCHEMA_REGISTRY_…; register with 'headgate schemas register'"));
    }
    try (SchemaSubjects subjects = new SchemaSubjects(config.registry(), config.topics())) {
      List<SubjectState> states = subjects.check();
      for (SubjectState state : states) {
        if (!state.ok()) {
          findings.add(
              Finding.problem(
                  Check.REGISTRY,
                  state.subject() + ": " + String.join("; ", state.problems()),
                  "headgate schemas register --registry " + url));
        }
      }
      if (states.stream().allMatch(SubjectState::ok)) {
        findings.add(
            Finding.ok(
                Check.REGISTRY,
                "%s has %d subjects under %s"
                    .formatted(url, states.size(), SchemaSubjects.COMPATIBILITY)));
      }
    } catch (UserException e) {
      findings.add(
          Finding.problem(
              Check.REGISTRY,
              e.getMessage(),
              "start it or correct its address; while it is away the guard holds all events"));
    }
    return findings;
  }
}
