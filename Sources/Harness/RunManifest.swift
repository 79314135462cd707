import Files
import Foundation
import Scenario
import Verdict

/// `manifest.json`: what was run, with what, on what, and the sha256 of everything that came out.
struct RunManifest {
  let document: ScenarioDocument
  let folder: RunFolder

  /// Writes the manifest; the last file of a run.
  func write() throws {
    let manifest = JSONValue.object([
      "scenario": .object([
        "name": .text(document.name), "path": .text(document.text.path),
        "folder": .text(document.text.absoluteFolder), "text": .text(document.text.text),
        "overrides": .array(document.text.overrides.map(JSONValue.text)),
        "seed": document.text.seed.map { .text(String($0)) } ?? .null,
      ]),
      // A number of 64 bits does not fit into JSON's numbers.
      "seed": .text(String(document.seed)),
      "versions": .object(Versions.all.mapValues(JSONValue.text)),
      "host": host,
      "outputs": .object(try Self.outputs(in: folder).mapValues(JSONValue.text)),
    ])
    try AtomicFile.write(manifest.indented(), to: folder.manifest, existing: .replace)
  }

  private var host: JSONValue {
    let info = ProcessInfo.processInfo
    let cpu = (try? TextFile.text(of: "/proc/cpuinfo"))?.split(separator: "\n")
      .first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return .object([
      "system": .text(info.operatingSystemVersionString), "cores": .number(Double(info.activeProcessorCount)),
      "memory_bytes": .number(Double(info.physicalMemory)),
      "cpu": cpu.map { .text($0.trimmingCharacters(in: .whitespaces)) } ?? .null,
    ])
  }

  /// The sha256 of every file of the run but the manifest itself and the logs, by path in the folder.
  static func outputs(in folder: RunFolder) throws -> [String: String] {
    var digests: [String: String] = [:]
    let files = FileManager.default.enumerator(atPath: folder.path)
    while let path = files?.nextObject() as? String {
      let isOutput =
        !path.hasPrefix("logs/") && !path.hasPrefix("broker/") && !path.hasPrefix("faults/")
        && path != "manifest.json"
        && !path.hasSuffix("-wal") && !path.hasSuffix("-shm")
      let full = "\(folder.path)/\(path)"
      guard isOutput, !Folder.exists(full) else { continue }
      digests[path] = try Digest.sha256(file: full)
    }
    return digests
  }

  /// A manifest that was written.
  struct Recorded {
    let scenario: ScenarioText
    let outputs: [String: String]

    /// Reads the file at `path`. Throws `FileError` and `JSONFileError`.
    init(path: String) throws {
      struct File: Decodable {
        let scenario: ScenarioText
        let outputs: [String: String]
        let seed: String
      }
      let file = try JSONFile.read(File.self, path, keys: .asDeclared)
      // The seed that ruled, wherever it came from.
      scenario = file.scenario.with(seed: UInt64(file.seed))
      outputs = file.outputs
    }
  }
}

/// What the files of a finished run say that it was.
package enum RunRecord {
  /// The scenario of the run, as it was run. Throws `FileError` and `JSONFileError` where the manifest cannot be read, `Diagnostics`
  /// where its scenario is none any more.
  package static func document(of folder: RunFolder) throws -> ScenarioDocument {
    try ScenarioDocument.parse(RunManifest.Recorded(path: folder.manifest).scenario)
  }

  /// What the detector of a run is held against: by its last training, or by its scenario where that left no word. Nil where there was
  /// no training, or the folder has no windows. Throws as ``document(of:)`` does, and `FileError` where the word of the training is none.
  package static func threeSigma(of folder: RunFolder) throws -> ThreeSigmaFloor? {
    guard FileStamp(folder.store) != nil else { return nil }
    if let floor = try ThreeSigmaFloor(of: folder) { return floor }
    return FileStamp(folder.manifest) == nil ? nil : try document(of: folder).judgedPlan.threeSigma
  }
}
