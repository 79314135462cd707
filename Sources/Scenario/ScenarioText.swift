import Foundation

/// A scenario as it was given: the text of its file, and what the command line changed. It goes into a run's manifest and to the
/// processes of its fleet, so that nobody reads the file a second time, when it may say something else.
package struct ScenarioText: Hashable, Sendable {
  /// As it was given, for messages.
  package let path: String
  /// The folder of the file: files that the scenario names are relative to it. Empty for the current one.
  package let folder: String
  package let text: String
  /// `--set`.
  package let overrides: [String]
  /// `--seed`.
  package let seed: UInt64?

  package init(path: String, text: String, overrides: [String] = [], seed: UInt64? = nil) {
    self.path = path
    folder = (path as NSString).deletingLastPathComponent
    self.text = text
    self.overrides = overrides
    self.seed = seed
  }

  /// The same with this seed.
  package func with(seed: UInt64?) -> ScenarioText {
    ScenarioText(path: path, folder: folder, text: text, overrides: overrides, seed: seed)
  }

  /// The same with one more value in place of the file's.
  package func with(override: String) -> ScenarioText {
    ScenarioText(path: path, folder: folder, text: text, overrides: overrides + [override], seed: seed)
  }

  private init(path: String, folder: String, text: String, overrides: [String], seed: UInt64?) {
    self.path = path
    self.folder = folder
    self.text = text
    self.overrides = overrides
    self.seed = seed
  }

  package var absoluteFolder: String {
    URL(fileURLWithPath: folder.isEmpty ? "." : folder).standardizedFileURL.path
  }
}

/// In a file the folder is absolute: its reader may be in another folder.
extension ScenarioText: Codable {
  private enum CodingKeys: String, CodingKey { case path, folder, text, overrides, seed }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    path = try container.decode(String.self, forKey: .path)
    // An earlier version left it out of manifests.
    folder =
      try container.decodeIfPresent(String.self, forKey: .folder)
      ?? (path as NSString).deletingLastPathComponent
    text = try container.decode(String.self, forKey: .text)
    overrides = try container.decode([String].self, forKey: .overrides)
    // As text: not every number of 64 bits is one of JSON.
    seed = try container.decodeIfPresent(String.self, forKey: .seed).flatMap(UInt64.init)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encode(absoluteFolder, forKey: .folder)
    try container.encode(text, forKey: .text)
    try container.encode(overrides, forKey: .overrides)
    try container.encodeIfPresent(seed.map(String.init), forKey: .seed)
  }
}
