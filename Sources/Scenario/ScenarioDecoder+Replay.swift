import DeviceFleet
import Documents
import Foundation
import Telemetry
import Wording

extension ScenarioDecoder {
  /// The recipe of `replay`; nil where there is no such key or something in it is faulty.
  func recipe(_ reader: MappingReader) -> ReplayRecipe? {
    guard let section = reader.mapping("replay") else { return nil }
    var recipe = ReplayRecipe(files: files(section))
    recipe.delimiter = delimiter(section)
    if let time = section.mapping("time") {
      recipe.timeColumn = time.text("column")
      recipe.timeFormat = time.choice("format", ReplayRecipe.TimeFormat.self) ?? .iso8601
    }
    recipe.device = device(section)
    recipe.values = values(section)
    recipe.excluded = section.texts("exclude") ?? []
    recipe.labelColumns = section.texts("label_columns") ?? []
    if let windows = section.mapping("label_windows"), let file = windows.node("file") {
      if let path = windows.text("file") {
        recipe.labelWindows = .init(path: resolved(path, file.location), key: windows.text("key"))
      }
    }
    return recipe
  }

  /// The `delimiter` of a CSV file; a comma where there is none.
  func delimiter(_ section: MappingReader) -> Character {
    guard let delimiter = section.text("delimiter") else { return "," }
    let character = delimiter == "tab" ? "\t" : delimiter
    if character.count == 1, let first = character.first, first.isASCII { return first }
    diagnostics.add(
      section.location(of: "delimiter"), "delimiter: expected one character or tab, found \(delimiter.quoted)"
    )
    return ","
  }

  private func files(_ section: MappingReader) -> [String] {
    guard let node = section.node("files") else { return [] }
    if let text = section.node("files")?.text, !node.isNull { return [resolved(text, node.location)] }
    guard case .sequence(let elements) = node.content, !elements.isEmpty else {
      diagnostics.add(
        node.location, "files: expected the path of a CSV file, or a list of them, found \(node.summary)")
      return []
    }
    return elements.compactMap { element in
      if let text = element.text, !element.isNull { return resolved(text, element.location) }
      diagnostics.add(element.location, "files: expected the path of a CSV file, found \(element.summary)")
      return nil
    }
  }

  private func device(_ section: MappingReader) -> ReplayRecipe.Device {
    if let column = section.text("device_column") {
      if section.node("device") != nil {
        diagnostics.add(
          section.location(of: "device"), "device and device_column exclude each other; give one")
      }
      return .column(column)
    }
    guard let name = section.text("device") else { return .fileName }
    if let id = DeviceID(name) { return .fixed(id) }
    diagnostics.add(
      section.location(of: "device"),
      "device: \(name.quoted) is not a device id: letters, digits, dot, dash, underscore")
    return .fileName
  }

  private func values(_ section: MappingReader) -> ReplayRecipe.Values {
    let sensors = section.texts("sensors")
    let sensorColumn = section.text("sensor_column")
    let valueColumn = section.text("value_column")
    switch (sensorColumn, valueColumn) {
    case (let sensor?, let value?):
      if sensors != nil {
        diagnostics.add(
          section.location(of: "sensors"),
          "sensors are columns, and sensor_column says that they are rows; give one")
      }
      return .long(sensor: sensor, value: value)
    case (nil, nil): return .wide(sensors)
    case (_?, nil):
      diagnostics.add(section.location(of: "sensor_column"), "sensor_column needs value_column beside it")
    case (nil, _?):
      diagnostics.add(section.location(of: "value_column"), "value_column needs sensor_column beside it")
    }
    return .wide(nil)
  }

  /// A path in the scenario is relative to the scenario; one given on the command line, to the current folder.
  func resolved(_ file: String, _ location: SourceLocation) -> String {
    guard !file.hasPrefix("/"), case .file = location else { return file }
    return text.folder.isEmpty ? file : "\(text.folder)/\(file)"
  }
}
