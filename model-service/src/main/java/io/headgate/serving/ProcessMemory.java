package io.headgate.serving;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The memory of this process and what is left for it, as Linux tells; 0 or empty elsewhere. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MACHINE = Path.of("/proc/meminfo");
  private static final Path CGROUP = Path.of("/sys/fs/cgroup");

  private ProcessMemory() {}

  /** Resident set size in bytes. */
  static long residentBytes() {
    return kibibytes(STATUS, "VmRSS:").orElse(0);
  }

  /** Java heap in use, in bytes. */
  static long heapBytes() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** What the machine and the container still have, in bytes; empty if unknown. */
  static OptionalLong availableBytes() {
    OptionalLong machine = kibibytes(MACHINE, "MemAvailable:");
    OptionalLong container = containerBytes(CGROUP);
    if (machine.isEmpty() || container.isEmpty()) {
      return machine.isEmpty() ? container : machine;
    }
    return OptionalLong.of(Math.min(machine.getAsLong(), container.getAsLong()));
  }

  /**
   * What a container's limit leaves; empty without a limit. Pages of files that were read once,
   * such as a model's, count as used there but are given back when memory is wanted.
   *
   * @param cgroup of version 2
   */
  static OptionalLong containerBytes(Path cgroup) {
    try {
      String limit = Files.readString(cgroup.resolve("memory.max")).strip();
      if (limit.equals("max")) {
        return OptionalLong.empty();
      }
      long used = Long.parseLong(Files.readString(cgroup.resolve("memory.current")).strip());
      long cached = 0;
      for (String line : Files.readAllLines(cgroup.resolve("memory.stat"))) {
        if (line.startsWith("inactive_file ")) {
          cached = Long.parseLong(line.substring("inactive_file ".length()).strip());
        }
      }
      return OptionalLong.of(Long.parseLong(limit) - Math.max(0, used - cached));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private static OptionalLong kibibytes(Path file, String key) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(key)) {
          String[] words = line.substring(key.length()).strip().split("\\s+");
          return OptionalLong.of(Long.parseLong(words[0]) * 1024);
        }
      }
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
    return OptionalLong.empty();
  }
}
