import Files
import Foundation
import Pages
import Wording

/// 11: what was run, with what and on what, and the digests of what came out.
enum ProvenanceSection {
  static func section(_ run: FinishedRun) throws -> PageSection? {
    guard let manifest = run.manifest else { return nil }
    let outputs = outputs(manifest)
    var section = PageSection(id: "provenance", topic: "Where it is from", finding: finding(run, manifest))
    section.notes = [
      "The same scenario, seed and version give the same windows, models and predictions. “sonde verify” judges the run again from these files."
    ]
    section.tables = [facts(run, manifest), files(outputs, run)].compactMap(\.self)
    if let text = manifest.value(at: "scenario.text"), case .text(let text) = text {
      section.texts = [scenario(text, manifest.value(at: "scenario.path"))]
    }
    return section
  }

  private static func finding(_ run: FinishedRun, _ manifest: JSONValue) -> String {
    let seed = run.figure("seed").map { "seed \($0)" } ?? "an unknown seed"
    let version = manifest.value(at: "versions.sonde").map { "Sonde \($0)" } ?? "Sonde"
    let cores = manifest.value(at: "host").flatMap { $0.number("cores") }
      .map { " on \(FigureText.counted($0, "processor", "processors"))" }
    return "Run with \(seed) by \(version)\(cores ?? "")"
  }

  private static func facts(_ run: FinishedRun, _ manifest: JSONValue) -> PageTable {
    var rows: [[PageTable.Cell]] = []
    func add(_ name: String, _ value: JSONValue?, _ text: (JSONValue) -> String = { $0.description }) {
      guard let value, value != .null else { return }
      rows.append([.init(name), .init(text(value))])
    }
    add("Scenario", manifest.value(at: "scenario.name"))
    add("Read from", manifest.value(at: "scenario.path"))
    if case .array(let overrides)? = manifest.value(at: "scenario.overrides") {
      for change in overrides { add("Changed with --set", change) }
    }
    add("Seed", run.figure("seed"))
    if case .object(let versions)? = manifest.value(at: "versions") {
      for (name, version) in versions.sorted(by: { $0.key < $1.key }) { add("Version of \(name)", version) }
    }
    add("System", manifest.value(at: "host.system"))
    add("Processor", manifest.value(at: "host.cpu"))
    add("Processors", manifest.value(at: "host.cores"))
    add("Memory", manifest.value(at: "host.memory_bytes")) { value in
      guard case .number(let bytes) = value else { return value.description }
      return "\(FigureText.text((bytes / 1_073_741_824 * 10).rounded() / 10)) GiB"
    }
    return PageTable(
      id: "provenance-facts", caption: "Scenario, versions and machine",
      columns: [.init("What"), .init("Value")], rows: rows)
  }

  /// The files of the run by name: those of the folder itself before those of folders below it.
  private static func outputs(_ manifest: JSONValue) -> [(name: String, digest: String)] {
    guard case .object(let outputs)? = manifest.value(at: "outputs") else { return [] }
    // Asked once of each: a large fleet has a file a device.
    let named = outputs.keys.map { (isBelow: $0.utf8.contains(UInt8(ascii: "/")), name: $0) }
    return named.sorted { first, second in
      first.isBelow == second.isBelow ? first.name < second.name : !first.isBelow
    }.map { ($0.name, outputs[$0.name]?.description ?? "") }
  }

  private static func files(_ outputs: [(name: String, digest: String)], _ run: FinishedRun) -> PageTable? {
    guard !outputs.isEmpty else { return nil }
    return PageTable(
      id: "files", caption: "Files of the run, as manifest.json has them",
      columns: [.init("File"), .init("Bytes", .number), .init("sha256")],
      rows: outputs.prefix(PageBounds.mostFiles).map { name, digest in
        let size = size("\(run.folder.path)/\(name)")
        return [
          .init(name), .init(size.map { $0.grouped } ?? "not there any more", value: size.map(Double.init)),
          .init(digest),
        ]
      }, total: outputs.count, isFolded: true)
  }

  /// In bytes; nil where there is no such file.
  private static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  private static func scenario(_ text: String, _ path: JSONValue?) -> PageText {
    let name = path.map { " (\($0))" } ?? ""
    let shown = text.prefix(PageBounds.mostScenarioCharacters)
    let isWhole = shown.endIndex == text.endIndex
    let note =
      isWhole
      ? "" : ", the first \(PageBounds.mostScenarioCharacters.grouped) of \(text.count.grouped) characters"
    return PageText(id: "scenario", title: "The scenario’s text\(name)\(note)", text: String(shown))
  }
}
