import Wording

/// Where a part of a document was written.
package enum SourceLocation: Hashable, Sendable, CustomStringConvertible {
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

  /// The location `count` characters further on in the same line.
  package func advanced(by count: Int) -> SourceLocation {
    switch self {
    case .file(let path, let line, let column): .file(path: path, line: line, column: column + count)
    case .flag: self
    }
  }
}
