package io.headgate.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/** Lets only errors of Headgate's own pass while it is on. */
final class ConsoleFilter extends Filter<ILoggingEvent> {
  private volatile boolean on = true;

  void off() {
    on = false;
  }

  @Override
  public FilterReply decide(ILoggingEvent event) {
    boolean quiet =
        on
            && (!event.getLoggerName().startsWith("io.headgate")
                || !event.getLevel().isGreaterOrEqual(Level.ERROR));
    return quiet ? FilterReply.DENY : FilterReply.NEUTRAL;
  }
}
