import Documents
import Files
import Foundation
import OneClassSVM
import Telemetry
import Wording

/// The settings file of a server of batch endpoints: which endpoints it has, and which inputs have names.
package struct BatchSettings: Sendable {
  /// Endpoint files, absolute.
  package let endpoints: [String]
  package let inputs: [InputCatalog.Registered]

  static let input = Schema.Mapping(
    name: "input",
    keys: [
      Schema.Key(name: "name", kind: .identifier, about: "What requests call it.", isRequired: true),
      Schema.Key(
        name: "version", kind: .identifier, about: "Of this name; the last one is the latest. Default 1."),
      Schema.Key(name: "run", kind: .text, about: "The folder of a run, relative to this file."),
      Schema.Key(name: "csv", kind: .text, about: "A folder of CSV files, relative to this file."),
      Schema.Key(
        name: "columns", kind: .text, about: "Of CSV files: time=TS,device=Device,sensor=Sensor,value=Value."),
      Schema.Key(
        name: "delimiter", kind: .text, about: "Of CSV files: comma, semicolon, tab or a character."),
      Schema.Key(
        name: "time_unit", kind: .choice(EpochUnit.allCases.map(\.rawValue)),
        about: "What times of CSV files count that are numbers."),
      Schema.Key(
        name: "models", kind: .text,
        about: "The folder of the models for CSV files. Default: those of the deployment."),
    ], exactlyOneOf: [["run", "csv"]],
    needs: [("columns", "csv"), ("delimiter", "csv"), ("time_unit", "csv"), ("models", "csv")])

  static let schema = Schema.Mapping(
    name: "settings",
    keys: [
      Schema.Key(
        name: "endpoints", kind: .list(.text, isUnique: true), about: "Endpoint files, relative to this file."
      ),
      Schema.Key(name: "inputs", kind: .list(.object(input)), about: "Inputs that requests can name."),
    ])

  /// Reads the file at `path`. Throws `Diagnostics` with everything that is wrong, and `FileError`.
  package static func load(_ path: String) throws -> BatchSettings {
    try parse(TextFile.text(of: path), path: path)
  }

  /// As ``load(_:)``, from the text of a file.
  package static func parse(_ text: String, path: String) throws -> BatchSettings {
    let root: DocumentNode
    do {
      root = try DocumentNode.parse(DocumentText.withoutByteOrderMark(text), path: path)
    } catch let fault as Diagnostic {
      throw Diagnostics([fault])
    }
    let diagnostics = DiagnosticList(SchemaCheck(root, schema))
    guard let reader = MappingReader(root, schema, diagnostics),
      let settings = BatchSettings(reader, path), diagnostics.isEmpty
    else { throw Diagnostics(diagnostics.all) }
    return settings
  }

  private init?(_ reader: MappingReader, _ path: String) {
    let folder = (URL(fileURLWithPath: path).standardizedFileURL.path as NSString).deletingLastPathComponent
    endpoints = (reader.texts("endpoints") ?? []).map { Self.absolute($0, in: folder) }
    var inputs: [InputCatalog.Registered] = []
    for node in reader.list("inputs") ?? [] {
      guard let section = MappingReader(node, Self.input, reader.diagnostics),
        let input = Self.registered(section, in: folder)
      else { continue }
      if inputs.contains(where: { $0.name == input.name && $0.version == input.version }) {
        reader.diagnostics.add(
          node.location, "the input \(input.name.quoted) has its version \(input.version.quoted) twice")
      }
      inputs.append(input)
    }
    guard reader.diagnostics.isEmpty else { return nil }
    self.inputs = inputs
  }

  private static func registered(_ section: MappingReader, in folder: String) -> InputCatalog.Registered? {
    guard let name = section.text("name") else { return nil }
    let version = section.text("version") ?? "1"
    if let run = section.text("run") {
      return InputCatalog.Registered(name: name, version: version, source: .run(absolute(run, in: folder)))
    }
    guard let csv = section.text("csv") else { return nil }
    var format = PlainFormat()
    if let columns = section.text("columns") {
      do throws(ModelError) {
        _ = try WindowTable.Columns(columns)
        format.columns = columns
      } catch {
        section.diagnostics.add(section.location(of: "columns"), "\(error)")
      }
    }
    if let delimiter = section.text("delimiter") {
      if let character = FieldSeparator.character(delimiter) {
        format.delimiter = String(character)
      } else {
        section.diagnostics.add(
          section.location(of: "delimiter"),
          "delimiter: expected comma, semicolon, tab or a character, found \(delimiter.quoted)")
      }
    }
    format.timeUnit = section.choice("time_unit", EpochUnit.allCases.map(\.rawValue))
    return InputCatalog.Registered(
      name: name, version: version,
      source: .files(
        folder: absolute(csv, in: folder), format,
        models: section.text("models").map { absolute($0, in: folder) }))
  }

  private static func absolute(_ path: String, in folder: String) -> String {
    URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
      .standardizedFileURL.path
  }
}
