package io.headgate.shipping;

import io.headgate.shipping.Dockerfile.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The folders that the images hold, made as the Dockerfile makes them: {@code docker/assemble} and
 * the natives' stage.
 */
record Distribution(Path folder, Dockerfile dockerfile) {
  private static final String NATIVES = "DJL_CACHE_DIR";

  /** Needs a built checkout. */
  static Distribution assemble(Path folder) {
    for (String what : List.of("model", "stream")) {
      Tools.run("docker/assemble", what, folder.resolve(what).toString())
          .expectSuccess("docker/assemble " + what);
    }
    Distribution made = new Distribution(folder, Dockerfile.read());
    Stage natives = made.dockerfile.stage("natives");
    Tools.run(
            "bash",
            "-c",
            "export %s='%s'; %s"
                .formatted(
                    NATIVES,
                    made.here(natives.environment.get(NATIVES)),
                    natives.runs.get(0).replace("/dist/", folder + "/")))
        .expectSuccess("the RUN of stage natives");
    return made;
  }

  /** What a container of an image runs and sees, for the arguments after its name. */
  ContainerSpec container(String image, String name, List<String> arguments) {
    Stage stage = dockerfile.stage(image);
    List<String> command = new ArrayList<>(stage.entrypoint);
    command.addAll(arguments.isEmpty() ? stage.command : arguments);
    Map<String, String> environment = new LinkedHashMap<>(stage.environment);
    environment.put("PATH", Path.of(System.getProperty("java.home"), "bin") + ":/usr/bin:/bin");
    List<ContainerSpec.Mount> mounts = new ArrayList<>();
    stage.copies.forEach((from, to) -> mounts.add(ContainerSpec.Mount.readOnly(here(from), to)));
    stage.volumes.forEach(volume -> mounts.add(ContainerSpec.Mount.temporary(volume)));
    return new ContainerSpec(name, command, environment, stage.user, stage.workdir, mounts);
  }

  private Path here(String inStage) {
    return inStage.startsWith("/dist/")
        ? folder.resolve(inStage.substring("/dist/".length()))
        : folder.resolve("natives");
  }
}
