import Wording

/// Something wrong in a scenario: where, what, and what was probably meant.
package struct ScenarioFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where a part of a scenario was written.
  package enum Place: Hashable, Sendable, CustomStringConvertible {
    /// Line and column from 1.
    case file(path: String, line: Int, column: Int)
    /// A flag of the command line, as it was given.
    case flag(String)

    package var description: String {
      switch self {
      case .file(let path, let line, let column): "\(path):\(line):\(column)"
      case .flag(let flag): flag.excerpt
      }
    }

    /// The place `count` characters further on in the same line.
    func advanced(by count: Int) -> Place {
      switch self {
      case .file(let path, let line, let column): .file(path: path, line: line, column: column + count)
      case .flag: self
      }
    }
  }

  package let place: Place
  package let reason: String
  /// The name that was probably meant.
  package let suggestion: String?
  /// Whether editors see it too, because it is against `scenario.schema.json`. The others depend on several values, on files,
  /// or on a grammar of their own.
  package let isOfSchema: Bool

  package init(place: Place, reason: String, suggestion: String? = nil, isOfSchema: Bool = false) {
    self.isOfSchema = isOfSchema
    self.place = place
    self.reason = reason
    self.suggestion = suggestion
  }

  package var description: String {
    "\(place): \(reason)" + (suggestion.map { "; did you mean \($0.quoted)?" } ?? "")
  }
}

/// Everything that is wrong in a scenario, in the order of the file.
package struct ScenarioFaults: Error, Sendable, CustomStringConvertible {
  package let faults: [ScenarioFault]

  init(_ faults: [ScenarioFault]) {
    func order(_ fault: ScenarioFault) -> (Int, Int) {
      switch fault.place {
      case .file(_, let line, let column): (line, column)
      case .flag: (0, 0)
      }
    }
    self.faults = faults.enumerated()
      .sorted { (order($0.element), $0.offset) < (order($1.element), $1.offset) }
      .map(\.element)
  }

  package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// `<` on nested pairs, for sorting.
private func < (a: ((Int, Int), Int), b: ((Int, Int), Int)) -> Bool {
  a.0 == b.0 ? a.1 < b.1 : a.0 < b.0
}
