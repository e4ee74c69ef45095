package io.headgate.faults;

import io.headgate.broker.ChildProcess;
import io.headgate.console.Progress;
import io.headgate.rig.HeadgateProcess;
import io.headgate.rig.Rig;
import io.headgate.rig.RigOptions;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/**
 * The same events twice through the pipeline: first without faults, then under fire; then the audit
 * of the second by the first.
 *
 * <p>Used by one thread.
 */
final class FaultRun {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration PROGRESS_PATIENCE = Duration.ofSeconds(60);
  private static final int FAULTS_WITHOUT_PROGRESS = 3;
  private static final long DISK_BYTES = 256L << 20;

  /** What one takes, submitted and routed in both runs, is some 32 kB. */
  private static final long DISK_BYTES_PER_EVENT = 48 << 10;

  /**
   * What a killed guard leaves open is over after this; the least that the timing budget allows.
   */
  private static final List<String> GUARD_OPTIONS =
      List.of(
          "--batch", "8",
          "--deadline", "2s",
          "--attempts", "2",
          "--transaction-timeout", "20s",
          "--grace", "5s");

  /** A dead guard's partitions are given away after six seconds instead of 45. */
  private static final Map<String, String> GUARD_ENVIRONMENT =
      Map.of("KAFKA_SESSION_TIMEOUT_MS", "6000", "KAFKA_HEARTBEAT_INTERVAL_MS", "1500");

  private static final Map<String, String> BROKER_SETTINGS =
      Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");

  private static final Topics CALM =
      new Topics("calm.submitted", "calm.clean", "calm.repaired", "calm.quarantined", "calm.dead");
  private static final Topics FIRE =
      new Topics("fire.submitted", "fire.clean", "fire.repaired", "fire.quarantined", "fire.dead");
  private static final String GROUP = "headgate-under-fire";

  private final FaultOptions options;
  private final Map<String, Double> seconds = new TreeMap<>();
  private long phaseNanos = System.nanoTime();

  FaultRun(FaultOptions options) {
    this.options = options;
  }

  /**
   * @param audit what came out
   * @param kills SIGKILLs sent
   * @param faults carried out, by kind
   * @param unexpected processes that ended although nobody harmed them
   * @param behind records of the source that the group has not committed
   * @param diskFull whether the disk could be filled
   * @param seconds by phase
   */
  record Result(
      Audit.Result audit,
      int kills,
      Map<String, Integer> faults,
      List<String> unexpected,
      long behind,
      boolean diskFull,
      Map<String, Double> seconds) {
    boolean ok() {
      return audit.ok() && behind == 0;
    }
  }

  Result run() throws IOException, InterruptedException, ExecutionException {
    Path brokerData = Files.createDirectories(options.folder().resolve("broker/data"));
    long bytes = DISK_BYTES + options.events() * DISK_BYTES_PER_EVENT;
    Optional<SmallDisk> disk =
        options.diskFull() ? SmallDisk.mount(brokerData, bytes) : Optional.empty();
    try (SmallDisk mounted = disk.orElse(null);
        Rig rig =
            Rig.start(
                new RigOptions(
                    options.folder(),
                    options.registryHome(),
                    options.reference().model(options.attack()),
                    options.reference().cleanValidation(),
                    List.of("-Xmx768m"),
                    Rig.smallJvm(),
                    BROKER_SETTINGS))) {
      rig.create(CALM, options.partitions());
      rig.create(FIRE, options.partitions());
      HeadgateSerdes serdes = rig.serdes();
      List<Submission> submissions =
          Submission.of(
              options.events(),
              options.reference(),
              options.attack(),
              serdes,
              FIRE.submitted(),
              options.seed());
      phase("start");
      Map<String, Outcome> expected = calm(rig, submissions);
      phase("fault_free");
      return underFire(rig, disk, submissions, expected);
    }
  }

  private void phase(String name) {
    long now = System.nanoTime();
    seconds.put(name, (now - phaseNanos) / 1e9);
    phaseNanos = now;
  }

  /** Both guards, nothing goes wrong: what every id's outcome is. */
  private Map<String, Outcome> calm(Rig rig, List<Submission> submissions)
      throws IOException, InterruptedException {
    Outputs outputs = new Outputs(rig.broker().bootstrap(), CALM);
    try (HeadgateProcess one = guard(rig, "calm-guard-1", "headgate-calm", CALM);
        HeadgateProcess two = guard(rig, "calm-guard-2", "headgate-calm", CALM);
        Submitter submitter =
            new Submitter(rig.broker().bootstrap(), CALM.submitted(), submissions)) {
      one.process().start();
      two.process().start();
      submitter.release(submissions.size());
      try (Progress progress = Progress.start("without faults", submissions.size());
          Settled settled = new Settled(outputs, progress::advance)) {
        submitter.awaitAll();
        while (settled.count() < submissions.size() && settled.quiet().compareTo(PATIENCE) < 0) {
          Thread.sleep(100);
        }
      }
    }
    Map<String, Outcome> expected = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    outputs.readAll(
        rig.serdes(),
        PATIENCE,
        (id, outcome) -> {
          if (expected.put(id, outcome) != null) {
            wrong.add(id + " came out twice");
          }
        });
    submissions.stream()
        .map(Submission::id)
        .filter(id -> !expected.containsKey(id))
        .forEach(id -> wrong.add(id + " did not come out"));
    if (!wrong.isEmpty()) {
      throw new IllegalStateException(
          "without any fault, %d of %d ids: %s"
              .formatted(
                  wrong.size(),
                  submissions.size(),
                  String.join(", ", wrong.subList(0, Math.min(5, wrong.size())))));
    }
    return expected;
  }

  private static HeadgateProcess guard(Rig rig, String name, String group, Topics topics)
      throws IOException {
    return rig.guard(name, group, topics, Rig.smallJvm(), GUARD_ENVIRONMENT, GUARD_OPTIONS);
  }

  private Result underFire(
      Rig rig,
      Optional<SmallDisk> disk,
      List<Submission> submissions,
      Map<String, Outcome> expected)
      throws IOException, InterruptedException, ExecutionException {
    FaultPlan plan = FaultPlan.of(options.seed(), options.kills(), disk.isPresent());
    Outputs outputs = new Outputs(rig.broker().bootstrap(), FIRE);
    Map<Target, ChildProcess> processes = new EnumMap<>(Target.class);
    processes.put(Target.BROKER, rig.broker().process());
    processes.put(Target.REGISTRY, rig.registry().process());
    processes.put(Target.SERVICE, rig.service().process());
    List<HeadgateProcess> guards = new ArrayList<>();
    for (Target target : List.of(Target.GUARD_1, Target.GUARD_2, Target.GUARD_3)) {
      HeadgateProcess guard = guard(rig, target.toString(), GROUP, FIRE);
      guards.add(guard);
      processes.put(target, guard.process());
    }
    processes.get(Target.GUARD_1).start();
    processes.get(Target.GUARD_2).start();
    Saboteur saboteur;
    try (PrintWriter journal =
            new PrintWriter(
                Files.newBufferedWriter(options.folder().resolve("journal.txt")), true);
        Submitter submitter =
            new Submitter(rig.broker().bootstrap(), FIRE.submitted(), submissions);
        Progress progress = Progress.start("under fire", submissions.size());
        Settled settled = new Settled(outputs, progress::advance)) {
      saboteur =
          new Saboteur(
              processes,
              disk,
              line -> journal.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + line));
      attack(plan, saboteur, submitter, settled, submissions.size());
      saboteur.repairAll();
      phase("under_fire");
      awaitAll(saboteur, submitter, settled, submissions.size());
      phase("recovery");
    }
    for (HeadgateProcess guard : guards) {
      guard.close();
    }
    Audit audit = new Audit(expected);
    outputs.readAll(rig.serdes(), PATIENCE, audit::enter);
    requireInput(outputs, submissions);
    long behind = behind(rig);
    phase("audit");
    return new Result(
        audit.result(),
        saboteur.kills(),
        saboteur.counts(),
        saboteur.unexpected(),
        behind,
        disk.isPresent(),
        seconds);
  }

  /** A burst of events before every fault, so that it hits work. */
  private static void attack(
      FaultPlan plan, Saboteur saboteur, Submitter submitter, Settled settled, int events)
      throws IOException, InterruptedException {
    int released = 0;
    int seen = 0;
    for (int i = 0; i < plan.steps().size(); i++) {
      FaultPlan.Step step = plan.steps().get(i);
      int upTo = (int) ((i + 1L) * events / plan.steps().size());
      submitter.release(upTo - released);
      released = upTo;
      saboteur.pause(step.lead());
      saboteur.inflict(step.fault());
      saboteur.pause(step.gap());
      if (i % FAULTS_WITHOUT_PROGRESS == FAULTS_WITHOUT_PROGRESS - 1) {
        long end = System.nanoTime() + PROGRESS_PATIENCE.toNanos();
        while (settled.count() <= seen && System.nanoTime() < end) {
          saboteur.pause(Duration.ofMillis(100));
        }
        seen = settled.count();
      }
    }
  }

  private static void awaitAll(Saboteur saboteur, Submitter submitter, Settled settled, int events)
      throws IOException, InterruptedException {
    while (settled.count() < events && settled.quiet().compareTo(PATIENCE) < 0) {
      saboteur.pause(Duration.ofMillis(100));
    }
    if (settled.count() == events) {
      submitter.awaitAll();
    }
  }

  /** What the audit rests on: the source holds every id once. */
  private static void requireInput(Outputs outputs, List<Submission> submissions) {
    Map<String, Integer> submitted = outputs.submitted();
    List<String> wrong =
        submissions.stream()
            .map(Submission::id)
            .filter(id -> submitted.getOrDefault(id, 0) != 1)
            .toList();
    if (!wrong.isEmpty() || submitted.size() != submissions.size()) {
      throw new IllegalStateException(
          "the input is in doubt: %d of %d ids are not in the source exactly once, such as %s"
              .formatted(
                  wrong.size(), submissions.size(), wrong.subList(0, Math.min(5, wrong.size()))));
    }
  }

  private static long behind(Rig rig) throws InterruptedException, ExecutionException {
    try (Admin admin = rig.admin()) {
      Map<TopicPartition, Long> committed = new HashMap<>();
      admin
          .listConsumerGroupOffsets(GROUP)
          .partitionsToOffsetAndMetadata()
          .get()
          .forEach((partition, offset) -> committed.put(partition, offset.offset()));
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      int partitions =
          admin
              .describeTopics(List.of(FIRE.submitted()))
              .allTopicNames()
              .get()
              .get(FIRE.submitted())
              .partitions()
              .size();
      for (int p = 0; p < partitions; p++) {
        latest.put(new TopicPartition(FIRE.submitted(), p), OffsetSpec.latest());
      }
      long behind = 0;
      for (var end : admin.listOffsets(latest).all().get().entrySet()) {
        behind += end.getValue().offset() - committed.getOrDefault(end.getKey(), 0L);
      }
      return behind;
    }
  }
}
