package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessMemoryTest {
  @TempDir private Path cgroup;

  @Test
  void aContainerHasWhatItsLimitLeavesAndTheFilesItHasOnlyRead() throws IOException {
    container("1000", "700", "anon 500\nfile 200\ninactive_file 150\nactive_file 50\n");

    assertThat(ProcessMemory.containerBytes(cgroup)).hasValue(450);
  }

  @Test
  void aContainerWithoutALimitSaysNothing() throws IOException {
    container("max", "700", "inactive_file 150\n");

    assertThat(ProcessMemory.containerBytes(cgroup)).isEmpty();
  }

  @Test
  void noContainerSaysNothing() {
    assertThat(ProcessMemory.containerBytes(cgroup.resolve("none"))).isEmpty();
  }

  private void container(String limit, String used, String stat) throws IOException {
    Files.writeString(cgroup.resolve("memory.max"), limit + "\n");
    Files.writeString(cgroup.resolve("memory.current"), used + "\n");
    Files.writeString(cgroup.resolve("memory.stat"), stat);
  }
}
