import Wording

/// The name of a container's image, such as `registry.example.com/sonde:1`.
package enum ImageName {
  /// Far longer than any; a host has 253 characters at most, a tag 128.
  private static let longest = 500

  /// Checks `text` by the grammar of references (OCI distribution specification, “Pulling manifests”), with a host and its port before
  /// it. Throws ``ManifestError``.
  package static func checked(_ text: String) throws(ManifestError) -> String {
    let grammar =
      #/
      (?: [A-Za-z0-9.\-]+ (?: :[0-9]+ )? \/ )?
      [a-z0-9]+ (?: (?: \. | __? | -+ ) [a-z0-9]+ )*
      (?: \/ [a-z0-9]+ (?: (?: \. | __? | -+ ) [a-z0-9]+ )* )*
      (?: : [A-Za-z0-9_] [A-Za-z0-9._\-]{0,127} )?
      (?: @sha256: [0-9a-f]{64} )?
      /#
    guard text.utf8.count <= longest, text.wholeMatch(of: grammar) != nil else {
      throw ManifestError(
        "--image \(text.quoted) is no name of an image, such as registry.example.com/sonde:1")
    }
    return text
  }
}
