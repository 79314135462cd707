import Foundation

extension DecodingError {
  /// What is wrong with a JSON file, for a person: which key, and how.
  package var reason: String {
    func key(_ path: [any CodingKey]) -> String {
      let text = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
      return text.isEmpty ? "the whole file" : text.replacing(".[", with: "[")
    }
    func name(of type: any Any.Type) -> String {
      switch type {
      case is String.Type: "a text"
      case is Bool.Type: "true or false"
      case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
      // The decoder's own names of an object and a list.
      case is [String: Any].Type: "an object"
      case is [Any].Type: "a list"
      default: "of type \(type)"
      }
    }
    switch self {
    case .keyNotFound(let missing, let context): return "\(key(context.codingPath + [missing])) is missing"
    case .typeMismatch(let type, let context): return "\(key(context.codingPath)) is not \(name(of: type))"
    case .valueNotFound(_, let context): return "\(key(context.codingPath)) is null"
    case .dataCorrupted(let context):
      // Without a key, this is all that Foundation tells of text that is not JSON and of a number that does not fit.
      return context.codingPath.isEmpty
        ? "the file is not JSON, is cut off, or has a number that is out of range"
        : "\(key(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "the file is not as expected"
    }
  }
}
