import Wording

/// Something wrong in a document: where, what, and what was probably meant.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
  package let location: SourceLocation
  package let reason: String
  /// The name that was probably meant.
  package let suggestion: String?
  /// Whether editors see it too, because it is against the JSON Schema of the document. The others depend on several values,
  /// on files, or on a grammar of their own.
  package let isOfSchema: Bool

  package init(
    location: SourceLocation, reason: String, suggestion: String? = nil, isOfSchema: Bool = false
  ) {
    self.isOfSchema = isOfSchema
    self.location = location
    self.reason = reason
    self.suggestion = suggestion
  }

  package var description: String {
    "\(location): \(reason)" + (suggestion.map { "; did you mean \($0.quoted)?" } ?? "")
  }
}

/// Everything that is wrong in a document, in the order of the file. Never empty.
package struct Diagnostics: ExitingError {
  package let all: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) {
    func order(_ diagnostic: Diagnostic) -> (line: Int, column: Int) {
      switch diagnostic.location {
      case .file(_, let line, let column): (line, column)
      case .flag: (0, 0)
      }
    }
    all = diagnostics.enumerated()
      .sorted {
        let (a, b) = (order($0.element), order($1.element))
        return (a.line, a.column, $0.offset) < (b.line, b.column, $1.offset)
      }
      .map(\.element)
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String { all.map(\.description).joined(separator: "\n") }
}
