package io.headgate.lab.report;

import io.headgate.lab.evaluation.AttackResult;
import io.headgate.lab.evaluation.EvaluationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes the report: one HTML file that needs neither a network nor a script. */
public final class LabReport {
  /** Name of the file. */
  public static final String FILE = "report.html";

  private static final String STYLE =
      """
      body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:1180px;margin:2em auto;padding:0 1em}
      h1,h2,h3{line-height:1.2} h2{border-top:2px solid #222;padding-top:.6em;margin-top:2em}
      table{border-collapse:collapse;margin:1em 0;font-size:13px} th,td{border-bottom:1px solid #ddd;padding:3px 9px;text-align:right;vertical-align:top}
      th{font-weight:600;background:#f6f6f4} th:first-child,td:first-child,.words td,.words th{text-align:left}
      td:first-child{white-space:nowrap} nav a{margin-right:1em}
      .row{display:flex;flex-wrap:wrap;gap:14px} svg text{font:11px system-ui,sans-serif;fill:#333} svg .t{font-weight:600;font-size:12px}
      .finding{border-left:4px solid #0b6e99;padding:.2em 1em;margin:1em 0;background:#f7fafb} small{color:#777}
      """;

  private final int limit;
  private final List<Section> sections = new ArrayList<>();

  /**
   * @param limit pictures of each kind whose parts are looked at; scores are taken of all
   */
  public LabReport(int limit) {
    this.limit = limit;
  }

  /** Measures one model under one attack. */
  public void add(Subject subject) throws IOException {
    sections.add(new Section(subject, limit));
  }

  /** Writes the page into a folder. */
  public Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    StringBuilder page =
        new StringBuilder("<!doctype html><html lang='en'><head><meta charset='utf-8'>")
            .append("<meta name='viewport' content='width=device-width, initial-scale=1'>")
            .append("<title>Headgate lab report</title><style>")
            .append(STYLE)
            .append("</style></head><body><h1>Headgate lab report</h1>");
    page.append("<p>Models with a backdoor planted on purpose, measured on pictures that neither")
        .append(" calibration nor training has seen. Definitions: He et al., ICML 2025;")
        .append(" Gandelsman et al., ICLR 2024.</p>");
    page.append("<nav>");
    sections.forEach(
        s -> page.append(String.format("<a href='#%1$s'>%1$s</a>", Svg.escape(s.name()))));
    page.append("</nav>");
    summary(page);
    page.append("<h2>The paper’s findings, at this scale</h2><p>")
        .append(
            String.format(
                Locale.ROOT,
                "Judged by the parts of the first %,d pictures of each kind.</p>",
                limit));
    for (Findings.Finding f : Findings.of(sections.stream().map(Section::facts).toList())) {
      page.append("<div class='finding'><p><b>")
          .append(Svg.escape(f.claim()))
          .append("</b> → ")
          .append(Svg.escape(f.verdict()))
          .append("</p><ul>");
      f.evidence().forEach(e -> page.append("<li>").append(Svg.escape(e)));
      page.append("</ul></div>");
    }
    sections.forEach(s -> page.append(s.html()));
    Path file = folder.resolve(FILE);
    Files.writeString(file, page.append("</body></html>"));
    return file;
  }

  private void summary(StringBuilder page) {
    page.append(
        "<table><tr><th>model<th>attack<th>clean accuracy<th>attack success<th>AUROC<th>TPR at operating point<th>FPR there<th>guarded by pruning: success<th>accuracy, triggered<th>accuracy, clean</tr>");
    for (Section section : sections) {
      EvaluationResult r = section.result();
      r.attacks()
          .forEach(
              (name, a) -> {
                AttackResult.DetectorResult d = a.detectors().get("combined");
                AttackResult.RepairResult p = a.repair().get("prune");
                page.append(
                    String.format(
                        Locale.ROOT,
                        "<tr><td>%s<td>%s<td>%s<td>%s<td>%.3f<td>%.3f<td>%.4f<td>%s<td>%s<td>%s</tr>",
                        Svg.escape(section.name()),
                        Svg.escape(name),
                        share(r.clean().accuracy()),
                        share(a.asr()),
                        d.auroc(),
                        d.tprAtOperatingPoint(),
                        d.fprAtOperatingPoint(),
                        share(p.asr()),
                        share(p.accuracyTriggered()),
                        share(p.accuracyClean())));
              });
    }
    page.append("</table>");
  }

  private static String share(Double value) {
    return value == null ? "–" : String.format(Locale.ROOT, "%.3f", value);
  }
}
