import Charts
import Files
import Pages
import Wording

/// `report.html`: what a run came to, for people. It is made from the run's files alone, so the same run gives the same bytes.
package enum HTMLReport {
  /// A part of the page, and what is said in its place where its files cannot be read.
  package struct Part {
    package var id: String
    package var topic: String
    /// The files that it is made from, in words.
    package var files: String
    /// Nil where the run did not have it.
    package var make: (FinishedRun) throws -> PageSection?

    package init(
      id: String, topic: String, files: String, make: @escaping (FinishedRun) throws -> PageSection?
    ) {
      self.id = id
      self.topic = topic
      self.files = files
      self.make = make
    }
  }

  /// The sections of the page of `run`, in their order. What is to be seen in the page is added here, and nowhere else.
  static func parts(of run: FinishedRun) -> [Part] {
    let detection = zip(["found", "quality", "why", "when"], DetectionSections.makers(run)).map { id, maker in
      Part(
        id: id, topic: maker.topic, files: "labels.csv, the prediction files and sonde.sqlite",
        make: { _ in try maker.section() })
    }
    return [
      Part(id: "verdict", topic: "Verdict", files: "report.json", make: VerdictSection.section),
      Part(id: "lost", topic: "Was anything lost?", files: "report.json", make: LossSection.section),
    ] + detection + [
      Part(
        id: "throughput", topic: "How much came through?", files: "timeline.csv",
        make: ThroughputSection.section),
      Part(
        id: "latency", topic: "How long did it take?", files: "report.json, account.json and serving",
        make: LatencySection.section),
      Part(id: "jobs", topic: "How did the jobs go?", files: "jobs.sqlite", make: JobsSection.section),
      Part(
        id: "cluster-sizes", topic: "Which size, at what cost?", files: "clusters.csv",
        make: ClusterSizesSection.section),
      Part(
        id: "capacity", topic: "How much does it carry?", files: "account.json",
        make: CapacityPageSection.section),
      Part(
        id: "serving", topic: "How fast is the scoring service?", files: "account.json",
        make: ServingPageSection.section),
      Part(
        id: "provenance", topic: "Where it is from", files: "manifest.json", make: ProvenanceSection.section),
    ]
  }

  /// The page of `run`. A section whose files cannot be read says so, and the others are there.
  package static func text(of run: FinishedRun) -> String { text(of: run, parts: parts(of: run)) }

  /// The page of `run` that is made of `parts`.
  package static func text(of run: FinishedRun, parts: [Part]) -> String {
    page(
      RunHeader.header(of: run), parts.compactMap { section($0, run) },
      footer:
        "Made from the files of the run’s folder, and from nothing else. The figures are those of report.json."
    )
  }

  /// Writes the page of `run` into its folder, or to `path`, in place of an older one. Throws `FileError`.
  package static func write(_ run: FinishedRun, to path: String? = nil) throws {
    try AtomicFile.write(text(of: run), to: path ?? run.folder.page, existing: .replace)
  }

  static func page(_ header: Page.Header, _ sections: [PageSection], footer: String) -> String {
    Page(header: header, sections: sections, footer: footer, policy: policy).text()
  }

  /// What a browser may run of a page: the page's own style and script, and the style of its pictures.
  static let policy = Page.Policy(
    styles: [PageStyle.text, ChartTheme.styleSheet].map { Digest.policySource(ofText: $0) },
    scripts: [Digest.policySource(ofText: PageScript.text)])

  private static func section(_ part: Part, _ run: FinishedRun) -> PageSection? {
    do {
      return try part.make(run)
    } catch {
      return PageSection(
        id: part.id, topic: part.topic, finding: "This part is missing: its files could not be read",
        notes: [reason(error, part, run), "The other sections do not need these files."])
    }
  }

  /// Why a section is missing, with paths as they are in the run's folder: the page does not depend on where that is.
  private static func reason(_ error: any Error, _ part: Part, _ run: FinishedRun) -> String {
    let names = error is FileError || error is JSONFileError
    let text = names ? "\(error)" : "It is made from \(part.files): \(error)"
    return Quotation.bounded(line: text.replacing("\(run.folder.path)/", with: ""))
  }
}
