import Pages

/// The sections of detection, of which three look at the same windows: those are read once for all.
package enum DetectionSections {
  /// A section that is made when it is asked for.
  package struct Maker {
    /// What the section is about, for a page that cannot have it.
    package let topic: String
    /// Nil where the run did not have it. Throws as the files of the run do.
    package let section: () throws -> PageSection?
  }

  /// In the order of the page: found, how good, why, when.
  package static func makers(_ run: FinishedRun) -> [Maker] {
    let shared = Shared(run)
    return [
      Maker(topic: FoundSection.topic) {
        try shared.findings().flatMap { try FoundSection.section(run, $0) }
      },
      Maker(topic: QualitySection.topic) { try QualitySection.section(run) },
      Maker(topic: WhySection.topic) { try shared.findings().flatMap { try WhySection.section(run, $0) } },
      Maker(topic: DelaySection.topic) {
        try shared.findings().flatMap { try DelaySection.section(run, $0) }
      },
    ]
  }

  /// Reads the files where they are asked for first, and says the same of them afterwards.
  private final class Shared {
    private let run: FinishedRun
    private lazy var result = Result { [run] in
      try DetectionFiles(run.folder).map { try DetectionFindings($0) }
    }

    init(_ run: FinishedRun) { self.run = run }

    func findings() throws -> DetectionFindings? { try result.get() }
  }
}
