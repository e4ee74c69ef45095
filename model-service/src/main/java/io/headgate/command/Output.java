package io.headgate.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Where a command prints, and whether people or scripts read it.
 *
 * @param out results
 * @param err what does not belong into results: complaints and remarks
 * @param json whether results are JSON
 */
record Output(PrintWriter out, PrintWriter err, boolean json) {
  /** A line for people; nothing if a script reads. */
  void text(String format, Object... values) {
    if (!json) {
      out.println(String.format(Locale.ROOT, format, values));
      out.flush();
    }
  }

  /** The result for a script; nothing if people read. */
  void json(JsonNode result) {
    if (json) {
      out.println(result);
      out.flush();
    }
  }

  /** A complaint or remark. */
  void remark(String format, Object... values) {
    err.println(String.format(Locale.ROOT, format, values));
    err.flush();
  }
}
