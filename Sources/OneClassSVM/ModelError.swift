/// A model that cannot be used: where (file and line, where it came from a file) and why.
public struct ModelError: Error, CustomStringConvertible, Equatable {
  /// The file; nil for a model that is not in one.
  public let path: String?
  /// From 1; nil where the fault has no line.
  public let line: Int?
  public let reason: String

  public init(path: String? = nil, line: Int? = nil, reason: String) {
    self.path = path
    self.line = line
    self.reason = reason
  }

  public var description: String {
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
