import Foundation
import HTTP
import Telemetry
import Wording

/// What a request calls its input. Nothing is looked up here.
package enum InputReference: Hashable, Sendable, Codable {
  /// A name that the server knows, and a version of it; nil for the latest.
  case registered(name: String, version: String?)
  /// A path from the root of the file system, part by part.
  case absolute([String])
  /// A path below a folder that the server was started with, by that folder's name.
  case below(folder: String, [String])

  /// Reads a URI or a path, as Azure's documentation spells them:
  ///
  /// - `azureml:NAME:VERSION`, `azureml:NAME@latest`, `NAME`, and ids that end in `/data/NAME/versions/VERSION`: registered inputs;
  /// - `azureml://datastores/FOLDER/paths/PATH`, `FOLDER/PATH`: below a folder of the server;
  /// - `file:///PATH`, whose `%XX` are decoded once, and `/PATH`.
  ///
  /// Throws ``RequestFault`` for anything else, and for paths with `.` or `..` in them, however they are spelled.
  package init(_ uri: String) throws(RequestFault) {
    guard !uri.isEmpty, uri.utf8.count <= BatchDefaults.pathBytes else {
      throw RequestFault("an input has a path or a name of 1 to \(BatchDefaults.pathBytes) bytes")
    }
    if let asset = Self.part(of: uri, behind: "/data/") {
      let parts = asset.split(separator: "/", omittingEmptySubsequences: false)
      if parts.count >= 3, parts[1] == "versions", parts.count == 3 || (parts.count == 4 && parts[3].isEmpty),
        Self.isID(uri)
      {
        self = try Self.registered(String(parts[0]), String(parts[2]))
        return
      }
    }
    if uri.hasPrefix("azureml://") || uri.hasPrefix("azureml:/"),
      let store = Self.part(of: uri, behind: "/datastores/"),
      let paths = store.firstRange(of: "/paths/")
    {
      self = .below(
        folder: String(store[..<paths.lowerBound]), try Self.parts(store[paths.upperBound...]))
      return
    }
    if uri.hasPrefix("file:") {
      self = .absolute(try Self.parts(try Self.decodedFile(uri)))
    } else if let name = uri.hasPrefix("azureml:") ? uri.dropFirst("azureml:".count) : Self.nameOnly(uri) {
      self = try Self.named(name)
    } else if uri.contains("://") {
      throw RequestFault(
        "\(uri.quoted): an input is a registered name, or a folder below one that the server was started with"
      )
    } else if uri.hasPrefix("/") {
      self = .absolute(try Self.parts(uri[...]))
    } else {
      let parts = try Self.parts(uri[...])
      guard let first = parts.first else { throw RequestFault("\(uri.quoted) names no input") }
      self = .below(folder: first, Array(parts.dropFirst()))
    }
  }

  /// Whether a text with `/data/` in it is an id, and no path with a folder of that name.
  private static func isID(_ uri: String) -> Bool {
    uri.hasPrefix("azureml:") || uri.hasPrefix("/subscriptions/")
  }

  private static func part(of uri: String, behind mark: String) -> Substring? {
    uri.ranges(of: mark).last.map { uri[$0.upperBound...] }
  }

  /// Text without a slash: a name, with a version or without.
  private static func nameOnly(_ uri: String) -> Substring? { uri.contains("/") ? nil : uri[...] }

  /// Reads `NAME`, `NAME:VERSION` and `NAME@latest`.
  private static func named(_ text: Substring) throws(RequestFault) -> InputReference {
    if let at = text.lastIndex(of: "@") {
      guard text[text.index(after: at)...] == "latest" else {
        throw RequestFault("\(text.quoted): the only label of an input is @latest")
      }
      return try registered(String(text[..<at]), nil)
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return try registered(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
  }

  private static func registered(_ name: String, _ version: String?) throws(RequestFault) -> InputReference {
    for text in [name, version].compactMap({ $0 }) where DeviceID(text) == nil {
      throw RequestFault(
        "\(text.quoted) is no name or version of an input: letters, digits, dots, dashes, underscores")
    }
    return .registered(name: name, version: version)
  }

  /// The path of a `file:` URL (RFC 8089), decoded once.
  private static func decodedFile(_ uri: String) throws(RequestFault) -> Substring {
    var rest = uri.dropFirst("file:".count)
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
    }
    guard rest.hasPrefix("/"), let decoded = String(rest).removingPercentEncoding else {
      throw RequestFault("\(uri.quoted) is no file on this machine: file:///PATH")
    }
    return decoded[...]
  }

  /// The parts of a path. Throws ``RequestFault`` for `.`, `..`, zeros and line breaks: no folder that is meant has such a name.
  static func parts(_ path: Substring) throws(RequestFault) -> [String] {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count <= BatchDefaults.pathDepth else {
      throw RequestFault("\(path.quoted) has more than \(BatchDefaults.pathDepth) folders")
    }
    for part in parts {
      guard part != ".", part != "..", part.utf8.count <= 255,
        part.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
      else {
        throw RequestFault("\(path.quoted): a path has no “.”, no “..” and no control characters in it")
      }
    }
    return parts
  }
}
