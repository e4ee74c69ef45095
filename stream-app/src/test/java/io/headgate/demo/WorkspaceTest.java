package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
  @Test
  void closesTheYoungestFirstAndRemovesTheFolder() throws Exception {
    List<String> closed = new ArrayList<>();
    Workspace workspace = Workspace.open();
    Path folder = workspace.folder();
    Files.createDirectories(folder.resolve("a/b"));
    Files.writeString(folder.resolve("a/b/c"), "x");
    workspace.own(() -> closed.add("broker"));
    workspace.own(() -> closed.add("guard"));

    workspace.close();

    assertThat(closed).containsExactly("guard", "broker");
    assertThat(folder).doesNotExist();
  }

  @Test
  void closesTheRestWhenOneFails() throws Exception {
    List<String> closed = new ArrayList<>();
    Workspace workspace = Workspace.open();
    workspace.own(() -> closed.add("broker"));
    workspace.own(
        () -> {
          throw new IllegalStateException("stuck");
        });

    workspace.close();

    assertThat(closed).containsExactly("broker");
    assertThat(workspace.folder()).doesNotExist();
  }

  @Test
  void releasedResourcesAreClosedOnce() throws Exception {
    List<String> closed = new ArrayList<>();
    Workspace workspace = Workspace.open();
    AutoCloseable guard = () -> closed.add("guard");
    workspace.own(guard);

    workspace.release(guard);
    workspace.close();

    assertThat(closed).containsExactly("guard");
  }

  @Test
  void whatIsStartedTooLateIsClosedAtOnce() throws Exception {
    List<String> closed = new ArrayList<>();
    Workspace workspace = Workspace.open();
    workspace.close();

    assertThatThrownBy(() -> workspace.own(() -> closed.add("late")))
        .isInstanceOf(IllegalStateException.class);
    assertThat(closed).containsExactly("late");
  }
}
