import Files
import Foundation
import HTMLReport
import Scenario
import Verdict

/// `manifest.json`: what was run, with what, on what, and the sha256 of everything that came out. Of a run it has the seed, and of the
/// runs with several seeds, which have one above theirs, all seeds.
struct RunManifest {
  let document: ScenarioDocument
  let folder: RunFolder

  /// Writes the page of the run, which says what the manifest does but its own digest, and then the manifest, the last file of a run. A
  /// run has its verdict whether there is a page or not: why there is none is handed to `notice`.
  func write(notice: (String) -> Void) throws {
    var outputs = try Self.outputs(in: folder)
    do {
      try HTMLReport.write(try FinishedRun(folder, manifest: Self.value(document, outputs: outputs)))
      outputs[RunFolder.pageName] = try Digest.sha256(file: folder.page)
    } catch {
      notice("the page of the run could not be written: \(error)")
    }
    try Self.write(document, outputs: outputs, to: folder.manifest)
  }

  /// Writes the manifest of `document` and its `outputs` to `path`.
  static func write(_ document: ScenarioDocument, outputs: [String: String], to path: String) throws {
    try AtomicFile.write(value(document, outputs: outputs).indented(), to: path, existing: .replace)
  }

  private static func value(_ document: ScenarioDocument, outputs: [String: String]) -> JSONValue {
    // A number of 64 bits does not fit into JSON's numbers.
    let seed: (key: String, value: JSONValue) =
      if let seeds = document.seeds {
        ("seeds", .array(seeds.seeds.map { .text(String($0)) }))
      } else {
        ("seed", .text(String(document.seed)))
      }
    return .object([
      "scenario": .object([
        "name": .text(document.name), "path": .text(document.text.path),
        "folder": .text(document.text.absoluteFolder), "text": .text(document.text.text),
        "overrides": .array(document.text.overrides.map(JSONValue.text)),
        "seed": document.text.seed.map { .text(String($0)) } ?? .null,
        "seeds": document.text.seeds.map { .text("\($0)") } ?? .null,
      ]),
      seed.key: seed.value,
      "versions": .object(Versions.all.mapValues(JSONValue.text)),
      "host": host,
      "outputs": .object(outputs.mapValues(JSONValue.text)),
    ])
  }

  private static var host: JSONValue {
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

  /// The files that are not what a manifest says.
  static func differences(_ said: [String: String], _ found: [String: String]) -> [RunAudit.Finding] {
    Set(found.keys).union(said.keys).sorted().compactMap { path -> RunAudit.Finding? in
      let text: String
      switch (said[path], found[path]) {
      case (let said?, let now?) where said == now: return nil
      case (_?, nil): text = "\(path) is missing"
      case (nil, _): text = "\(path) is not in the manifest"
      case (let said?, let now?): text = "\(path): sha256 \(now), and the manifest says \(said)"
      }
      return RunAudit.Finding(subject: "manifest.json", text: text)
    }
  }

  /// A manifest that was written.
  struct Recorded {
    let scenario: ScenarioText
    let outputs: [String: String]

    private struct File: Decodable {
      let scenario: ScenarioText
      let outputs: [String: String]
      /// Of one run.
      let seed: String?
      /// Of the runs with several seeds.
      let seeds: [String]?
    }

    /// Reads the file of a run at `path`. Throws `FileError` and `JSONFileError`.
    init(path: String) throws {
      let file = try JSONFile.read(File.self, path, keys: .asDeclared)
      if let first = file.seeds?.first {
        throw JSONFileError(
          path: path,
          reason: "it is of runs with several seeds; give the folder of one, such as seed-\(first)")
      }
      guard let seed = file.seed else { throw JSONFileError(path: path, reason: "it lacks “seed”") }
      // The seed that ruled, wherever it came from.
      scenario = file.scenario.with(seed: UInt64(seed))
      outputs = file.outputs
    }

    /// Reads the file at `path` of the runs with several seeds. Throws as ``init(path:)``.
    init(seedsAt path: String) throws {
      let file = try JSONFile.read(File.self, path, keys: .asDeclared)
      guard file.seeds != nil else { throw JSONFileError(path: path, reason: "it is of one run") }
      scenario = file.scenario
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
