import Foundation
import Wording

/// JSON files with sorted keys, which one process writes and another reads.
package enum JSONFile {
  /// How keys are spelled.
  package enum Keys: Sendable {
    /// `taskTimeout` as `task_timeout`.
    case snakeCase
    /// As the types spell them.
    case asDeclared
  }

  /// The value in the file at `path`. Throws `FileError`, and ``JSONFileError`` where it is not of that form.
  package static func read<Value: Decodable>(_ type: Value.Type, _ path: String, keys: Keys = .snakeCase)
    throws
    -> Value
  {
    let decoder = JSONDecoder()
    if keys == .snakeCase { decoder.keyDecodingStrategy = .convertFromSnakeCase }
    let bytes = try TextFile.bytes(of: path)
    do {
      return try decoder.decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw JSONFileError(path: path, reason: error.reason)
    }
  }

  /// Writes `value` to `path`, in place of an older file. Throws `FileError` and `EncodingError`.
  package static func write(_ value: some Encodable, to path: String, keys: Keys = .snakeCase) throws {
    let encoder = JSONEncoder()
    if keys == .snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try AtomicFile.write(Array(encoder.encode(value)) + [0x0A], to: path, existing: .replace)
  }
}

/// A JSON file that is not what it should be.
package struct JSONFileError: ExitingError {
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String { "\(path): \(reason)" }
}
