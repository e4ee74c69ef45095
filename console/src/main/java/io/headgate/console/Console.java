package io.headgate.console;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a picocli command with Headgate's conventions: exit 0 (ok), 1 (failed), 2 (usage). */
public final class Console {
  /** The command did what it was asked to. */
  public static final int OK = 0;

  /** The command failed; the message says what to do. */
  public static final int FAILED = 1;

  /** The command line was wrong. */
  public static final int USAGE = 2;

  private static final String ERROR = Ansi.AUTO.string("@|bold,red error:|@ ");
  private static final Logger log = LoggerFactory.getLogger(Console.class);

  private Console() {}

  /** Applies the conventions to a command line, in place. */
  public static CommandLine configure(CommandLine commandLine) {
    commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setAbbreviatedOptionsAllowed(false)
        .setParameterExceptionHandler((exception, args) -> usage(exception))
        .setExecutionExceptionHandler((thrown, failed, parsed) -> failure(thrown, failed));
    return commandLine;
  }

  /** Runs and returns the exit code. */
  public static int run(Object command, String... args) {
    return configure(new CommandLine(command)).execute(args);
  }

  /** Prints one line on what is wrong, near misses, and where to read on; the exit code. */
  public static int usage(ParameterException exception) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(ERROR + exception.getMessage());
    boolean unmatched = exception instanceof UnmatchedArgumentException;
    if (unmatched || command.getSubcommands().isEmpty()) {
      UnmatchedArgumentException.printSuggestions(exception, err);
      printHint(command, err);
    } else {
      command.usage(err); // a subcommand is missing: the list is the answer
    }
    err.flush();
    return USAGE;
  }

  private static int failure(Exception thrown, CommandLine failed) {
    Throwable exception = thrown instanceof UncheckedIOException io ? io.getCause() : thrown;
    PrintWriter err = failed.getErr();
    err.println(ERROR + message(exception));
    if (exception instanceof UsageException) {
      printHint(failed, err);
    }
    err.flush();
    if (isUserMistake(exception)) {
      log.debug("failure of '{}'", failed.getCommandName(), exception);
    } else {
      log.error("unexpected failure of '{}'", failed.getCommandName(), exception);
    }
    return exception instanceof UsageException ? USAGE : FAILED;
  }

  private static void printHint(CommandLine command, PrintWriter err) {
    err.printf("'%s --help' explains.%n", command.getCommandSpec().qualifiedName());
  }

  private static boolean isUserMistake(Throwable t) {
    return t instanceof UserException
        || t instanceof NoSuchFileException
        || t instanceof AccessDeniedException
        || t instanceof FileAlreadyExistsException;
  }

  private static String message(Throwable t) {
    if (t instanceof NoSuchFileException e) {
      return e.getFile() + ": no such file or directory";
    }
    if (t instanceof AccessDeniedException e) {
      return e.getFile() + ": permission denied";
    }
    if (t instanceof FileAlreadyExistsException e) {
      return e.getFile() + ": exists already";
    }
    return t.getMessage() == null || t.getMessage().isBlank() ? t.toString() : t.getMessage();
  }
}
