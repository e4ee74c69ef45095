package io.headgate.shipping;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to run, as an engine would be told.
 *
 * @param user {@code UID:GID}
 */
record ContainerSpec(
    String name,
    List<String> command,
    Map<String, String> environment,
    String user,
    String workdir,
    List<Mount> mounts) {

  /** A folder or file of this machine seen in the container, or a fresh place in memory. */
  record Mount(String kind, Path source, String target) {
    static Mount readOnly(Path source, String target) {
      return new Mount("ro", source, target);
    }

    static Mount writable(Path source, String target) {
      return new Mount("rw", source, target);
    }

    static Mount temporary(String target) {
      return new Mount("tmpfs", Path.of("-"), target);
    }
  }

  ContainerSpec with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(environment);
    all.putAll(more);
    return new ContainerSpec(name, command, all, user, workdir, mounts);
  }

  /** With further mounts, which replace those at the same place. */
  ContainerSpec withMounts(List<Mount> more) {
    List<Mount> all = new ArrayList<>(mounts);
    all.removeIf(mount -> more.stream().anyMatch(m -> m.target().equals(mount.target())));
    all.addAll(more);
    return new ContainerSpec(name, command, environment, user, workdir, all);
  }

  /** Without the image's own writable places: a pod has only those that it mounts. */
  ContainerSpec withoutTemporary() {
    List<Mount> kept = mounts.stream().filter(mount -> !mount.kind().equals("tmpfs")).toList();
    return new ContainerSpec(name, command, environment, user, workdir, kept);
  }

  /** Memory as the engine would limit it; the JVM sizes its heap by that. */
  ContainerSpec withMemory(String bytes) {
    return with(Map.of("JAVA_TOOL_OPTIONS", "-XX:MaxRAM=" + bytes));
  }
}
