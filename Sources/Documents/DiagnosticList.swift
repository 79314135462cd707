/// What is wrong in a document: what its schema finds, and what the decoder has found so far. A class, because one list is
/// shared by all readers of a document; it never leaves the decoder.
package final class DiagnosticList {
  private let check: SchemaCheck
  private var found: [Diagnostic] = []

  package init(_ check: SchemaCheck) { self.check = check }

  package var isEmpty: Bool { found.isEmpty && check.ofKeys.isEmpty && check.ofValues.isEmpty }

  /// All of it, each diagnostic once. Where schema and decoder both have something to say of a value, the decoder's words are
  /// the better ones.
  package var all: [Diagnostic] {
    let ofValues = Dictionary(grouping: check.ofValues, by: Subject.init)
    let own = found.map { diagnostic in
      ofValues[Subject(diagnostic)] == nil
        ? diagnostic
        : Diagnostic(
          location: diagnostic.location, reason: diagnostic.reason, suggestion: diagnostic.suggestion,
          isOfSchema: true)
    }
    let subjects = Set(found.map(Subject.init))
    var seen: Set<Diagnostic> = []
    return (check.ofKeys + check.ofValues.filter { !subjects.contains(Subject($0)) } + own)
      .filter { seen.insert($0).inserted }
  }

  package func add(_ location: SourceLocation, _ reason: String, suggestion: String? = nil) {
    found.append(Diagnostic(location: location, reason: reason, suggestion: suggestion))
  }

  /// What a diagnostic speaks of: a location in a file is one value; a flag may hold several, told apart by their keys.
  private struct Subject: Hashable {
    let location: SourceLocation
    let key: Substring?

    init(_ diagnostic: Diagnostic) {
      location = diagnostic.location
      if case .file = location { key = nil } else { key = diagnostic.reason.prefix { $0 != ":" } }
    }
  }
}
