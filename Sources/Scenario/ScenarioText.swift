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
  /// `--seeds`. Beside a seed: those that it is one of.
  package let seeds: SeedList?

  package init(
    path: String, text: String, overrides: [String] = [], seed: UInt64? = nil, seeds: SeedList? = nil
  ) {
    let folder = (path as NSString).deletingLastPathComponent
    self.init(path: path, folder: folder, text: text, overrides: overrides, seed: seed, seeds: seeds)
  }

  /// The same with this seed.
  package func with(seed: UInt64?) -> ScenarioText {
    with(seed: seed, among: seeds)
  }

  /// The same with this seed, one of `seeds`.
  package func with(seed: UInt64?, among seeds: SeedList?) -> ScenarioText {
    ScenarioText(path: path, folder: folder, text: text, overrides: overrides, seed: seed, seeds: seeds)
  }

  /// The same with one more value in place of the file's.
  package func with(override: String) -> ScenarioText {
    ScenarioText(
      path: path, folder: folder, text: text, overrides: overrides + [override], seed: seed, seeds: seeds)
  }

  private init(
    path: String, folder: String, text: String, overrides: [String], seed: UInt64?, seeds: SeedList?
  ) {
    self.path = path
    self.folder = folder
    self.text = text
    self.overrides = overrides
    self.seed = seed
    self.seeds = seeds
  }

  package var absoluteFolder: String {
    URL(fileURLWithPath: folder.isEmpty ? "." : folder).standardizedFileURL.path
  }
}

/// In a file the folder is absolute: its reader may be in another folder.
extension ScenarioText: Codable {
  private enum CodingKeys: String, CodingKey { case path, folder, text, overrides, seed, seeds }

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
    seeds = try container.decodeIfPresent(SeedList.self, forKey: .seeds)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encode(absoluteFolder, forKey: .folder)
    try container.encode(text, forKey: .text)
    try container.encode(overrides, forKey: .overrides)
    try container.encodeIfPresent(seed.map(String.init), forKey: .seed)
    try container.encodeIfPresent(seeds, forKey: .seeds)
  }
}
