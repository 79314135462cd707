import Charts
import Files
import Pages
import Wording

extension FinishedRun {
  /// The figure at `path` as people read it.
  func text(_ path: String, _ unit: ChartUnit) -> String? { number(path).map(unit.text) }

  /// The whole number at `path`.
  func count(_ path: String) -> Int? { number(path).flatMap { Int(exactly: $0) } }

  /// The names of an object of the report, in their order; empty where there is none.
  func names(in path: String) -> [String] {
    guard case .object(let members)? = figure(path) else { return [] }
    return members.keys.sorted()
  }
}

extension JSONValue {
  /// What is called `name` in an object; nil where it is null or not there.
  func member(_ name: String) -> JSONValue? {
    guard case .object(let members) = self, let member = members[name], member != .null else { return nil }
    return member
  }
}

extension PageTable.Cell {
  /// A number that the files of the run give, and not the report.
  static func counted(_ count: Int) -> PageTable.Cell {
    PageTable.Cell(count.grouped, value: Double(count))
  }
}

/// `1 window`, `2 windows`.
func counted(_ count: Int, _ one: String, _ many: String) -> String {
  "\(count.grouped) \(count == 1 ? one : many)"
}
