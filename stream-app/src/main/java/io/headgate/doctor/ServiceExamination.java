package io.headgate.doctor;

import io.headgate.client.Inspected;
import io.headgate.client.InspectorClient;
import io.headgate.client.ServiceDescription;
import io.headgate.client.ServiceUnavailableException;
import io.headgate.console.UserException;
import io.headgate.doctor.Finding.Check;
import io.headgate.imaging.RgbImage;
import io.headgate.stream.GuardConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Whether the model service answers, what it judges with, and whether it judges in time. */
final class ServiceExamination {
  private static final byte GRAY = 127;

  private final GuardConfig config;

  ServiceExamination(GuardConfig config) {
    this.config = config;
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    try (InspectorClient client = new InspectorClient(config.client(), new SimpleMeterRegistry())) {
      ServiceDescription service = client.describe();
      findings.add(
          Finding.ok(
              Check.SERVICE,
              "%s serves model %s, images of %dx%d, at most %d per call"
                  .formatted(
                      config.service(),
                      service.modelFingerprint(),
                      service.imageSize(),
                      service.imageSize(),
                      service.maxItems())));
      if (service.maxItems() < config.batch()) {
        findings.add(
            Finding.warning(
                Check.SERVICE,
                "calls carry at most %d images, not the %d of --batch"
                    .formatted(service.maxItems(), config.batch()),
                "lower --batch, or raise the service's own limit"));
      }
      findings.add(calibration(service));
      findings.add(judge(client, service));
    } catch (ServiceUnavailableException e) {
      findings.add(
          Finding.problem(
              Check.SERVICE,
              e.getMessage(),
              "start it ('headgate serve'), or correct --service, --service-tls, --service-ca, --service-certificate; while it is away --outage-policy applies"));
      findings.add(Finding.skipped(Check.CALIBRATION, "the service was not reached"));
    } catch (UserException e) {
      findings.add(
          Finding.problem(
              Check.SERVICE,
              e.getMessage(),
              "correct --service-ca, or --service-certificate and --service-key"));
      findings.add(Finding.skipped(Check.CALIBRATION, "the service was not reached"));
    }
    return findings;
  }

  private static Finding calibration(ServiceDescription service) {
    return service.calibrationId().isBlank()
        ? Finding.problem(
            Check.CALIBRATION,
            "the service has none",
            "make one with 'headgate calibrate' and give it to 'headgate serve --calibration'")
        : Finding.ok(Check.CALIBRATION, service.calibrationId() + " is in force");
  }

  /** One gray image, as the guard would send it. */
  private Finding judge(InspectorClient client, ServiceDescription service) {
    byte[] gray = new byte[service.tensorBytes()];
    Arrays.fill(gray, GRAY);
    long begin = System.nanoTime();
    try {
      Inspected inspected =
          client
              .submit(new RgbImage(service.imageSize(), service.imageSize(), gray))
              .get(config.timing().deadline().toMillis(), TimeUnit.MILLISECONDS);
      return Finding.ok(
          Check.SERVICE,
          "judged a gray image in %d ms with calibration %s"
              .formatted(
                  TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                  inspected.calibrationId()));
    } catch (TimeoutException e) {
      return Finding.problem(
          Check.SERVICE,
          "no verdict on a gray image within the deadline of %s ms"
              .formatted(config.timing().deadline().toMillis()),
          "look at the service's log and load; raise --deadline only with the timing budget in mind");
    } catch (ExecutionException e) {
      return Finding.problem(
          Check.SERVICE,
          "a gray image was refused: " + e.getCause().getMessage(),
          "look at the service's log");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.skipped(Check.SERVICE, "interrupted");
    }
  }
}
