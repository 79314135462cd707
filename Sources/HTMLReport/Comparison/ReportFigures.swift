import Files
import Verdict

/// The figures of a report by the names that expectations have for them, in the order in which reports declare them. An entry of a list is
/// named by its keys: `cluster[nodes=4,mode=measured].speedup`.
struct ReportFigures {
  /// A figure and its name.
  struct Figure: Hashable {
    var name: String
    /// A number or a text.
    var value: JSONValue
  }

  let figures: [Figure]

  init(_ report: JSONValue) { figures = Self.figures(RunReport.entries, report, "") }

  private static func figures(_ entries: [ReportEntry], _ value: JSONValue, _ path: String) -> [Figure] {
    guard case .object(let members) = value else { return [] }
    return entries.flatMap { entry -> [Figure] in
      guard let member = members[entry.name], member != .null else { return [] }
      return figures(entry.shape, member, path.isEmpty ? entry.name : "\(path).\(entry.name)")
    }
  }

  private static func figures(_ shape: ReportShape, _ value: JSONValue, _ path: String) -> [Figure] {
    switch (shape, value) {
    case (.number, .number), (.number, .text), (.text, .text): return [Figure(name: path, value: value)]
    case (.object(let entries), .object): return figures(entries, value, path)
    case (.map(let inner), .object(let members)):
      return members.sorted { $0.key < $1.key }.flatMap { figures(inner, $0.value, "\(path).\($0.key)") }
    case (.list(let entries), .array(let elements)): return list(entries, elements, path)
    default: return []
    }
  }

  private static func list(_ entries: [ReportEntry], _ elements: [JSONValue], _ path: String) -> [Figure] {
    let keys = entries.filter(\.isKey).map(\.name)
    var seen: [String: Int] = [:]
    return elements.flatMap { element -> [Figure] in
      let named = keys.compactMap { key in
        element.value(at: key).map { "\(key)=\($0)" }
      }.joined(separator: ",")
      let number = seen[named, default: 0] + 1
      seen[named] = number
      let choice = number == 1 ? named : "\(named)#\(number)"
      return figures(entries.filter { !$0.isKey }, element, choice.isEmpty ? path : "\(path)[\(choice)]")
    }
  }
}
