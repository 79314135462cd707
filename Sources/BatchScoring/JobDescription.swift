import Files
import Foundation
import Telemetry

/// What a job scores, as a file that every worker reads.
public struct JobDescription: Hashable, Sendable, Codable {
  public var job: String
  public var store: String
  public var models: String
  public var layout: ModelLayout
  /// The cut: window revisions that became visible after `visibleAfter` and not after `visibleThrough` (nil: to the end).
  public var visibleAfter: Timestamp
  public var visibleThrough: Timestamp?
  /// The devices of each task, in byte order within and across tasks.
  public var tasks: [[DeviceID]]
  /// The start of the first window of each task; nil where that is not known.
  public var firstStarts: [Timestamp]?
  /// The `failed.csv` of an earlier job, whose rows alone are scored; nil for all.
  public var onlyRowsOf: String?
  public var outputAction: OutputAction

  public init(
    job: String, store: String, models: String, layout: ModelLayout, visibleAfter: Timestamp,
    visibleThrough: Timestamp?, tasks: [[DeviceID]], firstStarts: [Timestamp]? = nil,
    onlyRowsOf: String? = nil,
    outputAction: OutputAction = .appendRow
  ) {
    self.onlyRowsOf = onlyRowsOf
    self.outputAction = outputAction
    self.job = job
    self.store = store
    self.models = models
    self.layout = layout
    self.visibleAfter = visibleAfter
    self.visibleThrough = visibleThrough
    self.tasks = tasks
    self.firstStarts = firstStarts
  }

  /// Reads the file at `path`.
  public init(path: String) throws {
    self = try JSONFile.read(JobDescription.self, path)
  }

  /// Writes it to `path`, whole or not at all.
  public func write(to path: String) throws { try JSONFile.write(self, to: path) }
}

extension JobDescription {
  private enum CodingKeys: CodingKey {
    case job, store, models, layout, visibleAfter, visibleThrough, tasks, firstStarts, onlyRowsOf,
      outputAction
  }

  /// Throws `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      job: try values.decode(String.self, forKey: .job),
      store: try values.decode(String.self, forKey: .store),
      models: try values.decode(String.self, forKey: .models),
      layout: try values.decode(ModelLayout.self, forKey: .layout),
      visibleAfter: try values.decode(Timestamp.self, forKey: .visibleAfter),
      visibleThrough: try values.decodeIfPresent(Timestamp.self, forKey: .visibleThrough),
      tasks: try values.decode([DeviceList].self, forKey: .tasks).map(\.devices),
      firstStarts: try values.decodeIfPresent([Timestamp].self, forKey: .firstStarts),
      onlyRowsOf: try values.decodeIfPresent(String.self, forKey: .onlyRowsOf),
      outputAction: try values.decode(OutputAction.self, forKey: .outputAction))
  }

  /// Throws `EncodingError`.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(job, forKey: .job)
    try values.encode(store, forKey: .store)
    try values.encode(models, forKey: .models)
    try values.encode(layout, forKey: .layout)
    try values.encode(visibleAfter, forKey: .visibleAfter)
    try values.encodeIfPresent(visibleThrough, forKey: .visibleThrough)
    try values.encode(tasks.map(DeviceList.init), forKey: .tasks)
    try values.encodeIfPresent(firstStarts, forKey: .firstStarts)
    try values.encodeIfPresent(onlyRowsOf, forKey: .onlyRowsOf)
    try values.encode(outputAction, forKey: .outputAction)
  }
}

/// The devices of a task, as one string with spaces between them: every worker reads those of all tasks before its first one.
private struct DeviceList: Codable {
  let devices: [DeviceID]

  init(_ devices: [DeviceID]) { self.devices = devices }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // An earlier version wrote them one by one.
    guard let text = try? container.decode(String.self) else {
      devices = try container.decode([DeviceID].self)
      return
    }
    devices = try text.utf8.split(separator: UInt8(ascii: " ")).map { name in
      guard let device = DeviceID(Substring(name)) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "“\(Substring(name))” is not a device id")
      }
      return device
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(devices.map(\.name).joined(separator: " "))
  }
}

/// JSON files in snake case with sorted keys.
enum JSONFile {
  /// - Parameter namesItsKeys: Whether `type` spells its keys as the file does: telling them takes as long as all the rest.
  static func read<Value: Decodable>(_ type: Value.Type, _ path: String, namesItsKeys: Bool = false) throws
    -> Value
  {
    let decoder = JSONDecoder()
    if !namesItsKeys { decoder.keyDecodingStrategy = .convertFromSnakeCase }
    let bytes = try TextFile.bytes(of: path)
    do {
      return try decoder.decode(type, from: Data(bytes))
    } catch {
      throw ScoringError("\(path): not the JSON that was expected: \(error)")
    }
  }

  static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try AtomicFile.write(Array(encoder.encode(value)) + [0x0A], to: path, existing: .replace)
  }
}
