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
  private static final Path CGROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
  private static final Path CGROUP_USED = Path.of("/sys/fs/cgroup/memory.current");

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
    OptionalLong container = containerBytes();
    if (machine.isEmpty() || container.isEmpty()) {
      return machine.isEmpty() ? container : machine;
    }
    return OptionalLong.of(Math.min(machine.getAsLong(), container.getAsLong()));
  }

  private static OptionalLong containerBytes() {
    try {
      String limit = Files.readString(CGROUP_LIMIT).strip();
      String used = Files.readString(CGROUP_USED).strip();
      return limit.equals("max")
          ? OptionalLong.empty()
          : OptionalLong.of(Long.parseLong(limit) - Long.parseLong(used));
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
