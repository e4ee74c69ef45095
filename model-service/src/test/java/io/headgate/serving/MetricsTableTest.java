package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table for people, the constants and what Prometheus sees are the same. */
class MetricsTableTest {
  private static final Path PAGE = Path.of("../docs/model-service.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(headgate_\\w+)` \\| ([^|]*)\\|");
  private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (headgate_\\w+) (\\w+)$");
  private static final Pattern SAMPLE = Pattern.compile("(?m)^(headgate_\\w+)\\{([^}]*)}");

  @Test
  void everyMetricIsDocumentedWithItsLabels() throws Exception {
    String scrape = scrapeOfABusyService();

    Map<String, Set<String>> documented = new TreeMap<>();
    Matcher rows = ROW.matcher(Files.readString(PAGE));
    while (rows.find()) {
      Set<String> labels = new TreeSet<>();
      Matcher label = Pattern.compile("`(\\w+)`").matcher(rows.group(2));
      while (label.find()) {
        labels.add(label.group(1));
      }
      documented.put(rows.group(1), labels);
    }
    Map<String, Set<String>> scraped = new TreeMap<>();
    Matcher types = TYPE.matcher(scrape);
    while (types.find()) {
      // Micrometer shows the largest recent value of a distribution as a gauge of its own.
      if (!types.group(1).endsWith("_max")) {
        scraped.put(types.group(1), new TreeSet<>());
      }
    }
    Matcher samples = SAMPLE.matcher(scrape);
    while (samples.find()) {
      Set<String> labels =
          scraped.get(samples.group(1).replaceFirst("_(bucket|count|sum|max)$", ""));
      Matcher label = Pattern.compile("(\\w+)=\"").matcher(samples.group(2));
      while (labels != null && label.find()) {
        if (!Set.of("le", "quantile").contains(label.group(1))) {
          labels.add(label.group(1));
        }
      }
    }

    assertThat(documented.keySet()).isEqualTo(constants());
    assertThat(scraped).isEqualTo(documented);
  }

  private static Set<String> constants() throws IllegalAccessException {
    Set<String> names = new TreeSet<>();
    for (Field field : ServingMetrics.class.getDeclaredFields()) {
      if (Modifier.isPublic(field.getModifiers()) && field.getType() == String.class) {
        names.add((String) field.get(null));
      }
    }
    return names;
  }

  private static String scrapeOfABusyService() {
    FakeEngine engine = FakeEngine.create();
    try (ModelServer server =
            ModelServer.start(ServerConfig.inProcess().withPorts(0, Optional.empty()), engine);
        TestClient client = new TestClient(server.port())) {
      client.inspect(1, 2, 120);
      server.metrics().requestEnded("Inspect", io.grpc.Status.Code.OK, 1);
      server.metrics().swapped("calibration", true, Duration.ofMillis(5));
      return server.metrics().scrape();
    }
  }
}
