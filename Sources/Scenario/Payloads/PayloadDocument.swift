import Documents
import Files
import Foundation
import PayloadMapping
import Sparkplug
import Telemetry
import Wording

/// Payload mappings as people name and write them: a preset, or a YAML file.
package enum PayloadDocument {
  /// What is said in place of a mapping where payloads are of Sparkplug B.
  package static let sparkplug = "sparkplug"

  /// The mapping that `name` stands for: that of a preset, else that of the file of this name, relative to `folder`.
  ///
  /// Throws ``Diagnostics`` with everything that is wrong in the file, `FileError`, and ``PayloadNameError`` where there is neither.
  package static func named(_ name: String, in folder: String = "") throws -> PayloadMapping {
    if let preset = PayloadPreset(rawValue: name) { return try mapping(of: preset) }
    let path = name.hasPrefix("/") || folder.isEmpty ? name : "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else { throw PayloadNameError(name: name, path: path) }
    return try load(path)
  }

  package static func mapping(of preset: PayloadPreset) throws -> PayloadMapping {
    try parse(preset.text, path: "\(preset.rawValue).yaml")
  }

  /// Reads the file at `path`. Throws ``Diagnostics`` with everything that is wrong, and `FileError`.
  package static func load(_ path: String) throws -> PayloadMapping {
    try parse(TextFile.text(of: path), path: path)
  }

  /// As ``load(_:)``, from the text of a file.
  package static func parse(_ text: String, path: String) throws -> PayloadMapping {
    let root: DocumentNode
    do {
      root = try DocumentNode.parse(text, path: path)
    } catch let fault as Diagnostic {
      throw Diagnostics([fault])
    }
    let diagnostics = DiagnosticList(SchemaCheck(root, PayloadSchema.mapping))
    let reader = MappingReader(root, PayloadSchema.mapping, diagnostics)
    let file = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    let mapping = reader.map {
      PayloadDocumentReader(diagnostics: diagnostics).mapping($0, name: file)
    }
    guard let mapping, diagnostics.isEmpty else { throw Diagnostics(diagnostics.all) }
    return mapping
  }

  /// The text of `payload.schema.json`, for editors of such files.
  package static func schema() throws -> String {
    try PayloadSchema.mapping.jsonSchema(title: "Sonde payload mapping", definitions: [])
  }
}

/// A name that is neither a preset's nor that of a file.
package struct PayloadNameError: ExitingError {
  let name: String
  /// Where a file of this name would be; nil where only presets were asked for.
  let path: String?

  package init(name: String, path: String? = nil) {
    self.name = name
    self.path = path
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String {
    let presets = PayloadPreset.allCases.map(\.rawValue)
    let nearest = NearestName.of(name, among: presets).map { "; did you mean \($0.quoted)?" } ?? ""
    let file = path.map { ", and there is no file \($0.quoted)" } ?? ""
    return "\(name.quoted) is no preset of payloads\(file)\(nearest)"
      + (nearest.isEmpty ? "; presets are \(presets.listed)" : "")
  }
}

extension ScenarioDecoder {
  /// `ingestion.payload: sparkplug`. A scenario's devices have names of their own, by which everything else knows them.
  func sparkplug(_ reader: MappingReader) -> SparkplugSettings? {
    guard reader.mapping("ingestion")?.node("payload")?.choice(among: [PayloadDocument.sparkplug]) != nil
    else { return nil }
    if reader.node("replay") != nil {
      diagnostics.add(
        reader.location, "payload: recordings are published in Sonde's own form, which is no Sparkplug")
    }
    return SparkplugSettings(deviceNames: .own)
  }

  /// `ingestion.payload`: a mapping that is written there, the name of a preset, or that of a file.
  func payload(_ reader: MappingReader) -> PayloadMapping? {
    guard let section = reader.mapping("ingestion"), let node = section.node("payload") else { return nil }
    if reader.node("replay") != nil {
      diagnostics.add(
        node.location, "payload: recordings are published in Sonde's own form, which needs no mapping")
    }
    return mapping(node)
  }

  /// A mapping that is written at `node`, the name of a preset, or that of a file.
  ///
  /// - Parameter others: What else could stand there.
  func mapping(_ node: DocumentNode, others: [String] = []) -> PayloadMapping? {
    if let mapping = MappingReader(node, PayloadSchema.mapping, diagnostics) {
      return PayloadDocumentReader(diagnostics: diagnostics).mapping(mapping, name: "payload")
    }
    // What is no text the schema has refused.
    guard let name = node.text, !node.isNull else { return nil }
    do {
      let isOfFile = if case .file = node.location { true } else { false }
      return try PayloadDocument.named(name, in: isOfFile ? text.folder : "")
    } catch let faults as Diagnostics {
      for fault in faults.all {
        diagnostics.add(
          node.location, "payload: \(fault.location): \(fault.reason)", suggestion: fault.suggestion)
      }
    } catch {
      let nearest = NearestName.of(name, among: others)
      let choice = others.isEmpty ? "" : "expected \(others.listed), or a mapping; "
      diagnostics.add(node.location, "payload: \(choice)\(error)", suggestion: nearest)
    }
    return nil
  }
}
