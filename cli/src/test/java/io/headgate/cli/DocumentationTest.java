package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the README and the pages below {@code docs/} tell people to type and to follow. */
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final long REFERENCE_BYTES = 25_000_000;

  // but for sketches such as 'headgate guard …'
  private static final Pattern COMMAND =
      Pattern.compile("^(?: {4,}|\\$ )(?:\\./)?headgate ([^…<\\[]+)$");
  private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");
  private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#\\s]+)");

  record Line(Path page, int number, String text) {
    @Override
    public String toString() {
      return ROOT.relativize(page) + ":" + number + " " + text;
    }
  }

  static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      docs.filter(f -> f.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  static List<Line> commands() throws IOException {
    List<Line> commands = new ArrayList<>();
    for (Path page : pages()) {
      List<String> lines = Files.readAllLines(page);
      for (int i = 0; i < lines.size(); i++) {
        Matcher command = COMMAND.matcher(lines.get(i));
        if (command.matches()) {
          commands.add(new Line(page, i + 1, command.group(1)));
        }
      }
    }
    return commands;
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandLineShownIsUnderstood(Line line) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(line.text());
    while (word.find()) {
      if (word.group().matches("#.*|[|>&;\\\\]+")) { // the shell's, no longer the command's
        break;
      }
      words.add(Stream.of(1, 2, 3).map(word::group).filter(g -> g != null).findFirst().get());
    }

    assertThatCode(() -> Headgate.commandLine().parseArgs(words.toArray(String[]::new)))
        .as(line.toString())
        .doesNotThrowAnyException();
  }

  @Test
  void theReadmeShowsCommands() throws Exception {
    assertThat(commands()).extracting(Line::text).contains("demo      # runs it");
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkInsideTheRepositoryLeadsSomewhere(Path page) throws Exception {
    Matcher link = LINK.matcher(Files.readString(page));

    while (link.find()) {
      assertThat(page.resolveSibling(link.group(1))).as("link in %s", page).exists();
    }
  }

  @Test
  void theReferenceSetStaysSmallEnoughToBeCloned() throws Exception {
    try (Stream<Path> files = Files.walk(ROOT.resolve("reference"))) {
      long bytes = files.filter(Files::isRegularFile).mapToLong(DocumentationTest::size).sum();

      assertThat(bytes).isBetween(1L, REFERENCE_BYTES);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
