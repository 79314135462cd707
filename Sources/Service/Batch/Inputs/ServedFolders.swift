import Foundation
import HTTP
import Modelling
import Wording

/// The folders that a server was started with: what a request may name lies in them, and nothing else is ever opened for it.
package struct ServedFolders: Sendable {
  /// One of them.
  package struct Root: Hashable, Sendable {
    /// The last part of its path, by which requests may call it.
    package var name: String
    /// Absolute, as it is used.
    package var path: String
    /// The parts of its path as it was given, and as it is without links.
    fileprivate var spellings: [[String]]
  }

  package let roots: [Root]

  /// - Parameter paths: As they were given. Throws ``ScoringError`` where one is no folder.
  package init(_ paths: [String]) throws(ScoringError) {
    var roots: [Root] = []
    for path in paths {
      let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
      guard let real = Self.realPath(absolute), HeldFolder(real) != nil else {
        throw ScoringError("\(path): there is no such folder; give the folder of a run")
      }
      let spellings = [absolute, real].map { $0.split(separator: "/").map(String.init) }
      guard !roots.contains(where: { $0.path == real }) else { continue }
      roots.append(Root(name: spellings[0].last ?? "/", path: real, spellings: spellings))
    }
    self.roots = roots
  }

  static func realPath(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  /// The folder that a path leads to, open, with its absolute path. Throws ``RequestFault``: for a path that leads out of all roots without
  /// looking at anything there.
  func folder(at reference: InputReference) throws(RequestFault) -> (folder: HeldFolder, path: String) {
    let (root, parts) = try place(of: reference)
    guard let folder = HeldFolder(root.path)?.folder(below: parts) else {
      throw RequestFault(
        "there is no folder \(([root.name] + parts).joined(separator: "/").quoted); links are not followed")
    }
    return (folder, ([root.path] + parts).joined(separator: "/"))
  }

  /// In which of the roots a path lies, and where in it.
  func place(of reference: InputReference) throws(RequestFault) -> (root: Root, parts: [String]) {
    switch reference {
    case .registered(let name, _): throw RequestFault("there is no input \(name.quoted)")
    case .below(let name, let parts):
      let named = roots.filter { $0.name == name }
      guard named.count < 2 else {
        throw RequestFault("several folders are called \(name.quoted); say the whole path")
      }
      guard let root = named.first else { throw Self.outside }
      return (root, parts)
    case .absolute(let parts):
      // Of roots within each other, the inner one.
      let places = roots.flatMap { root in
        root.spellings.filter { parts.starts(with: $0) }.map { (root: root, depth: $0.count) }
      }
      guard let place = places.max(by: { $0.depth < $1.depth }) else { throw Self.outside }
      return (place.root, Array(parts.dropFirst(place.depth)))
    }
  }

  /// One answer for all paths outside, whether or not anything is there.
  private static let outside = RequestFault(
    "an input is a registered name, or a folder below one that the server was started with")
}
