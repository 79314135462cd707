import Wording

/// A model that cannot be used: where (file and line, where it came from a file) and why.
package struct ModelError: ExitingError, Equatable {
  /// The file; nil for a model that is not in one.
  package let path: String?
  /// From 1; nil where the fault has no line.
  package let line: Int?
  package let reason: String

  package init(path: String? = nil, line: Int? = nil, reason: String) {
    self.path = path
    self.line = line
    self.reason = reason
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String {
    switch (path, line) {
    case (let path?, let line?): "\(path):\(line): \(reason)"
    case (let path?, nil): "\(path): \(reason)"
    default: reason
    }
  }

  /// The same fault, said to be in `path`.
  func inFile(_ path: String) -> ModelError {
    self.path == nil ? ModelError(path: path, line: line, reason: reason) : self
  }
}
