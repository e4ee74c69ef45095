package io.headgate.shipping;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A real kustomize, where there is one: HEADGATE_KUSTOMIZE, or on the PATH. */
record Kustomize(Path program) {
  static Optional<Kustomize> find() {
    return Tools.find("kustomize", "HEADGATE_KUSTOMIZE").map(Kustomize::new);
  }

  List<JsonNode> build(String overlay) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program.toString(), "build", Repository.ROOT.resolve(overlay).toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError("kustomize build " + overlay + ":\n" + output);
    }
    return Repository.documents(output);
  }

  /** Finding programs. */
  static final class Tools {
    private Tools() {}

    static Optional<Path> find(String program, String variable) {
      String explicit = System.getenv(variable);
      return explicit != null
          ? Optional.of(Path.of(explicit))
          : Stream.of(System.getenv("PATH").split(":"))
              .map(folder -> Path.of(folder, program))
              .filter(Files::isExecutable)
              .findFirst();
    }

    /** Whether a missing tool must fail the test instead of skipping it. */
    static boolean required() {
      return "true".equals(System.getenv("HEADGATE_REQUIRE_TOOLS"));
    }
  }
}
