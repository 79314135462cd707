import Wording

/// A PersistentVolumeClaim, and where a container has it: `claim:/path`.
package struct ClaimMount: Hashable, Sendable {
  package let claim: String
  /// Absolute, without a slash at its end.
  package let path: String

  /// What the manifests put into a container themselves.
  static let ownPaths = ["/tmp", ContainerPaths.keys, ContainerPaths.tls]

  /// Reads `text`. Throws ``ManifestError``.
  package init(_ text: String) throws(ManifestError) {
    guard let colon = text.firstIndex(of: ":") else {
      throw ManifestError(
        "--volume \(text.quoted): expected a claim and a path of the container, such as models:/models")
    }
    claim = try ResourceName.dotted(String(text[..<colon]), "--volume \(text.quoted): the claim")
    var path = String(text[text.index(after: colon)...])
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    try ContainerPaths.check(path, "--volume \(text.quoted): the path")
    guard path != "/", !path.contains(":") else {
      throw ManifestError("--volume \(text.quoted): Kubernetes mounts nothing at \(path.quoted)")
    }
    for own in Self.ownPaths where ContainerPaths.isInside(path, own) || ContainerPaths.isInside(own, path) {
      throw ManifestError("--volume \(text.quoted): \(own) is used already; choose another path")
    }
    self.path = path
  }

  /// Those of an option that may be repeated. Throws ``ManifestError``, also where two are mounted in one place.
  package static func all(_ texts: [String]) throws(ManifestError) -> [ClaimMount] {
    var mounts: [ClaimMount] = []
    for text in texts {
      let mount = try ClaimMount(text)
      guard !mounts.contains(where: { $0.path == mount.path }) else {
        throw ManifestError("--volume \(text.quoted): there is another volume at \(mount.path) already")
      }
      mounts.append(mount)
    }
    return mounts
  }
}

/// Paths of the container.
package enum ContainerPaths {
  package static let keys = "/etc/sonde/keys"
  package static let tls = "/etc/sonde/tls"

  /// Throws ``ManifestError`` unless `path` is absolute and says where it leads.
  package static func check(_ path: String, _ what: String) throws(ManifestError) {
    let parts = path.split(separator: "/")
    guard path.hasPrefix("/"), !parts.contains("."), !parts.contains("..") else {
      throw ManifestError(
        "\(what) \(path.quoted): with --kubernetes it is a path of the container, and absolute, such as /models"
      )
    }
  }

  /// Whether `path` is `folder`, or lies in it.
  package static func isInside(_ path: String, _ folder: String) -> Bool {
    path == folder || path.hasPrefix(folder + "/")
  }
}
