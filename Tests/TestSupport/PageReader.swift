import Foundation

/// A page as a reader of HTML sees it: its elements, and what is wrong with how they lie within each other.
package struct PageReader {
  package struct Element: Hashable {
    package var name: String
    package var attributes: [String: String]
  }

  package private(set) var elements: [Element] = []
  /// Empty where every element that is begun is ended, within the one that it was begun in.
  package private(set) var faults: [String] = []
  /// What people read, with references resolved; styles and scripts aside.
  package private(set) var text = ""

  private static let void: Set = ["meta", "link", "br"]

  package init(_ html: String) {
    var open: [String] = []
    var rest = Substring(html)
    while let start = rest.firstIndex(of: "<") {
      if !["style", "script"].contains(open.last) { text += Self.resolved(rest[..<start]) }
      rest = rest[start...]
      guard let end = rest.firstIndex(of: ">") else {
        faults.append("a tag does not end")
        return
      }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        let name = String(tag.dropFirst())
        if open.last == name {
          open.removeLast()
        } else {
          faults.append("</\(name)> ends \(open.last ?? "nothing")")
        }
        continue
      }
      let name = String(tag.prefix { $0.isLetter || $0.isNumber })
      var attributes: [String: String] = [:]
      for match in tag.matches(of: #/ ([a-zA-Z0-9:-]+)="([^"]*)"/#) {
        let attribute = String(match.1)
        if attributes[attribute] != nil { faults.append("<\(name)> has \(attribute) twice") }
        attributes[attribute] = Self.resolved(match.2)
      }
      elements.append(Element(name: name, attributes: attributes))
      guard !tag.hasSuffix("/"), !Self.void.contains(name) else { continue }
      if ["style", "script"].contains(name) {
        guard let close = rest.range(of: "</\(name)>") else {
          faults.append("<\(name)> does not end")
          return
        }
        rest = rest[close.upperBound...]
      } else {
        open.append(name)
      }
    }
    if !open.isEmpty { faults.append("\(open) do not end") }
  }

  package func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  /// `text` with what is written as references in place of them.
  package static func resolved(_ text: Substring) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
      .reduce(String(text)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }
}
