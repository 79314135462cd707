import Files
import Foundation

/// Which part of a run a figure comes from. A scenario without that part never fills it, so no expectation of it can hold.
package enum ReportPart: String, CaseIterable, Hashable, Sendable {
  case schedule
  case faults
  case replay
  case scoring
  case compare
  case ownBroker
  case clusters
  case capacity
  case serving
  case streamScoring

  /// Why nothing fills it, in a scenario that lacks the part.
  package var absence: String {
    switch self {
    case .schedule: "only a clock with a schedule has it: speed real or a factor such as x60, not max"
    case .faults: "the scenario has no “faults”"
    case .replay: "the scenario has no “replay”"
    case .scoring: "the scenario has no “scoring”"
    case .compare: "the scenario has no “compare”"
    case .ownBroker: "on a foreign broker, where others may publish too, it cannot be known"
    case .clusters: "only a sweep of cluster sizes measures it"
    case .capacity: "the scenario has no “capacity”"
    case .serving: "the scenario has no “serving”"
    case .streamScoring: "the scenario does not score inside the stream"
    }
  }
}

/// A name that `report.json` has.
package struct ReportEntry: Sendable {
  package let name: String
  /// What it is, in a sentence.
  package let about: String
  /// The part that fills it; nil where every run does.
  package let part: ReportPart?
  package let shape: ReportShape
  /// Whether it is one of the fields that tell the entries of a list apart.
  package var isKey = false
}

/// What is behind a name of the report.
package indirect enum ReportShape: Sendable {
  case number
  case text
  /// For people and programs that read the report. No expectation can name it.
  case detail
  /// Fixed names.
  case object([ReportEntry])
  /// Names known only after the run, such as kinds of anomaly.
  case map(ReportShape)
  /// Entries chosen by the values of their fields.
  case list([ReportEntry])
}

/// A part of the report: typed figures, and one declaration of each, from which the JSON, the names that expectations can use and
/// the page about the report are made.
package protocol ReportSection: Sendable {
  static var fields: [ReportField<Self>] { get }
}

/// The declaration of one figure of a section: its name, what it is, and where its value is.
package struct ReportField<Section: Sendable>: Sendable {
  package private(set) var entry: ReportEntry
  let value: @Sendable (Section) throws -> JSONValue

  init(
    _ name: String, _ about: String, _ part: ReportPart?, _ shape: ReportShape,
    _ value: @escaping @Sendable (Section) throws -> JSONValue
  ) {
    entry = ReportEntry(name: name, about: about, part: part, shape: shape)
    self.value = value
  }

  /// The same figure as one of those that tell the entries of a list apart.
  var key: Self {
    var field = self
    field.entry.isKey = true
    return field
  }

  /// The same figure of a section that holds this one: what `inner` gives.
  func inside<Outer: Sendable>(_ inner: @escaping @Sendable (Outer) -> Section) -> ReportField<Outer> {
    var field = ReportField<Outer>(entry.name, entry.about, entry.part, entry.shape) { try value(inner($0)) }
    field.entry = entry
    return field
  }

  /// A whole number, as it is.
  static func count(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> Int?
  ) -> Self {
    Self(name, about, part, .number) { section in value(section).map { .number(Double($0)) } ?? .null }
  }

  /// A measured number, in six significant digits: more would only be noise.
  static func measured(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> Double?
  ) -> Self {
    Self(name, about, part, .number) { section in
      value(section).map { .number($0.inSixDigits) } ?? .null
    }
  }

  /// A number that follows from others, as it is.
  static func exact(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> Double?
  ) -> Self {
    Self(name, about, part, .number) { section in value(section).map { .number($0) } ?? .null }
  }

  static func text(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> String?
  ) -> Self {
    Self(name, about, part, .text) { section in value(section).map { .text($0) } ?? .null }
  }

  /// Something that no expectation can name.
  static func detail(
    _ name: String, _ about: String, _ value: @escaping @Sendable (Section) throws -> JSONValue
  ) -> Self {
    Self(name, about, nil, .detail, value)
  }

  static func section<Inner: ReportSection>(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> Inner?
  ) -> Self {
    Self(name, about, part, .object(Inner.entries)) { section in try value(section)?.json() ?? .null }
  }

  /// Sections by names of their own.
  static func map<Inner: ReportSection>(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> [String: Inner]
  ) -> Self {
    Self(name, about, part, .map(.object(Inner.entries))) { section in
      .object(try value(section).mapValues { try $0.json() })
    }
  }

  /// Sections that are chosen by the values of their fields.
  static func list<Inner: ReportSection>(
    _ name: String, _ about: String, from part: ReportPart? = nil,
    _ value: @escaping @Sendable (Section) -> [Inner]
  ) -> Self {
    Self(name, about, part, .list(Inner.entries)) { section in
      .array(try value(section).map { try $0.json() })
    }
  }
}

extension ReportSection {
  /// The names of the section.
  package static var entries: [ReportEntry] { fields.map(\.entry) }

  /// The section as `report.json` has it.
  package func json() throws -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: try Self.fields.map { ($0.entry.name, try $0.value(self)) }))
  }
}

/// Three quantiles, in the unit of the name that they stand under.
package struct Quantiles: ReportSection {
  package var p50: Double?
  package var p99: Double?
  package var max: Double?

  package static let fields: [ReportField<Quantiles>] = [
    .measured("p50", "The median.") { $0.p50 },
    .measured("p99", "The 99th percentile.") { $0.p99 },
    .measured("max", "The greatest.") { $0.max },
  ]
}

extension Double {
  /// Rounded to six significant digits; 0 for what is no number.
  fileprivate var inSixDigits: Double {
    guard self != 0, isFinite else { return 0 }
    let scale = Foundation.pow(10, 5 - floor(Foundation.log10(abs(self))))
    return (self * scale).rounded() / scale
  }
}
