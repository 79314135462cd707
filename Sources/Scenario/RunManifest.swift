import Files
import Foundation

/// `manifest.json`: what was run, with what, on what, and the sha256 of everything that came out.
struct RunManifest {
  let document: ScenarioDocument
  let overrides: [String]
  let layout: RunLayout

  /// Writes the manifest; the last file of a run.
  func write() throws {
    let manifest = ReportValue.object([
      "scenario": .object([
        "name": .text(document.name), "path": .text(document.path),
        "text": (try? TextFile.text(of: document.path)).map(ReportValue.text) ?? .null,
        "overrides": .array(overrides.map(ReportValue.text)),
      ]),
      // A number of 64 bits does not fit into JSON's numbers.
      "seed": .text(String(document.seed)),
      "versions": .object(Versions.all.mapValues(ReportValue.text)),
      "host": host,
      "outputs": try outputs(),
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n"
    try AtomicFile.write(text, to: layout.manifest, existing: .replace)
  }

  private var host: ReportValue {
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
  private func outputs() throws -> ReportValue {
    var digests: [String: ReportValue] = [:]
    let files = FileManager.default.enumerator(atPath: layout.folder)
    while let path = files?.nextObject() as? String {
      let isOutput =
        !path.hasPrefix("logs/") && !path.hasPrefix("broker/") && !path.hasPrefix("faults/")
        && path != "manifest.json"
        && !path.hasSuffix("-wal") && !path.hasSuffix("-shm")
      let full = "\(layout.folder)/\(path)"
      guard isOutput, !Folder.exists(full) else { continue }
      digests[path] = .text(try Digest.sha256(file: full))
    }
    return .object(digests)
  }
}
