package io.headgate.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.FileAppender;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Keeps broker, guard and service from talking over the demo: until closed, only errors of
 * Headgate's own reach the console; a log file gets everything from INFO upwards.
 */
final class DemoLog implements AutoCloseable {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX, UTC} %-5level [%thread] %logger{20} %msg%n";

  private final Logger root;
  private final Level rootLevel;
  private final Optional<FileAppender<ILoggingEvent>> file;
  private final ConsoleFilter filter = new ConsoleFilter();

  private DemoLog(Logger root, Optional<FileAppender<ILoggingEvent>> file) {
    this.root = root;
    this.rootLevel = root.getLevel();
    this.file = file;
  }

  static DemoLog quiet(Optional<Path> logFile) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    DemoLog log = new DemoLog(root, logFile.map(path -> appender(context, path)));
    log.filter.start();
    log.eachAppender(appender -> appender.addFilter(log.filter));
    log.file.ifPresent(
        appender -> {
          root.addAppender(appender);
          root.setLevel(Level.INFO);
        });
    return log;
  }

  private static FileAppender<ILoggingEvent> appender(LoggerContext context, Path path) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    FileAppender<ILoggingEvent> appender = new FileAppender<>();
    appender.setContext(context);
    appender.setFile(path.toString());
    appender.setAppend(false);
    appender.setEncoder(encoder);
    ThresholdFilter info = new ThresholdFilter();
    info.setLevel("INFO");
    info.start();
    appender.addFilter(info);
    appender.start();
    return appender;
  }

  private void eachAppender(java.util.function.Consumer<Appender<ILoggingEvent>> work) {
    for (Iterator<Appender<ILoggingEvent>> i = root.iteratorForAppenders(); i.hasNext(); ) {
      work.accept(i.next());
    }
  }

  @Override
  public void close() {
    filter.off();
    file.ifPresent(
        appender -> {
          root.detachAppender(appender);
          appender.stop();
          root.setLevel(rootLevel);
        });
  }
}
