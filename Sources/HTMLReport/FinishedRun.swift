import Files

/// A run that has ended, as its files say: what a page of it is made from. Nothing is measured again.
package struct FinishedRun: Sendable {
  package let folder: RunFolder
  /// `report.json`.
  package let report: JSONValue
  /// `manifest.json`, without what it says of the page; nil where there is none.
  package let manifest: JSONValue?

  /// Reads the run in `folder`. Throws `FileError` and `JSONFileError` where its report cannot be read.
  ///
  /// - Parameter manifest: What the manifest will say, where it has not been written: it is the last file of a run, and has the digest of
  ///   the page. Nil for what is in the folder.
  package init(_ folder: RunFolder, manifest: JSONValue? = nil) throws {
    self.folder = folder
    report = try JSONFile.read(JSONValue.self, folder.report, keys: .asDeclared)
    let said = try manifest ?? Self.manifest(of: folder)
    self.manifest = said.map { Self.withoutPage($0) }
  }

  private static func manifest(of folder: RunFolder) throws -> JSONValue? {
    FileStamp(folder.manifest) == nil
      ? nil : try JSONFile.read(JSONValue.self, folder.manifest, keys: .asDeclared)
  }

  /// A page cannot say its own digest.
  private static func withoutPage(_ manifest: JSONValue) -> JSONValue {
    guard case .object(var fields) = manifest, case .object(var outputs)? = fields["outputs"] else {
      return manifest
    }
    outputs[RunFolder.pageName] = nil
    fields["outputs"] = .object(outputs)
    return .object(fields)
  }

  /// The figure that `path` names in the report, such as `readings.lost`; nil where it is null or not there. Entries of lists are
  /// numbered from zero: `expectations.0.actual`.
  package func figure(_ path: String) -> JSONValue? { report.value(at: path) }

  /// The number that `path` names; nil where there is none.
  package func number(_ path: String) -> Double? {
    guard case .number(let number) = figure(path) else { return nil }
    return number
  }

  /// The text that `path` names; nil where there is none.
  package func text(_ path: String) -> String? {
    guard case .text(let text) = figure(path) else { return nil }
    return text
  }

  /// The entries of the list that `path` names; empty where there is none.
  package func list(_ path: String) -> [JSONValue] {
    guard case .array(let entries) = figure(path) else { return [] }
    return entries
  }
}

extension JSONValue {
  /// What `path` leads to, as ``FinishedRun/figure(_:)`` has it. A name may itself hold dots, such as `p99.9`.
  package func value(at path: String) -> JSONValue? {
    value(at: path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...])
  }

  private func value(at names: ArraySlice<String>) -> JSONValue? {
    guard let first = names.first else { return self == .null ? nil : self }
    switch self {
    case .object(let fields):
      for end in names.indices {
        let name = names[names.startIndex...end].joined(separator: ".")
        if let found = fields[name]?.value(at: names[(end + 1)...]) { return found }
      }
      return nil
    case .array(let entries):
      guard let index = Int(first), entries.indices.contains(index) else { return nil }
      return entries[index].value(at: names.dropFirst())
    default: return nil
    }
  }
}
