import Files
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

extension RequestRows {
  /// How the rows of a run are put into requests.
  package enum Grouping: Hashable, Sendable {
    /// A request has rows of one model.
    case byModel
    /// The same, and all are of the model of this name. Where the run knows no device of it, the name is that of an endpoint, and rows
    /// are mixed.
    case model(String)
    /// A request has rows of all devices that have the same features.
    case mixed
  }

  /// Devices whose windows are read at a time: few enough that a run of long windows fits into memory.
  private static let devicesPerRead = 64

  /// The feature vectors of the windows of a run, as its models are given them; the oldest windows of each model, where there are more than
  /// are kept ready. Throws ``HTTPLoadError``, `ScoringError`, `StoreError` and `FileError`.
  package static func windows(of folder: RunFolder, _ grouping: Grouping) throws -> RequestRows {
    guard Folder.exists(folder.path) else { throw HTTPLoadError("there is no folder \(folder.path.quoted)") }
    guard let layout = try ModelLayout.known(of: folder) else {
      throw HTTPLoadError(
        "there are no models in \(folder.models): bodies are made of the features that models were trained on; “sonde train” trains some"
      )
    }
    let builder = FeatureVectorBuilder(layout: layout)
    let reader = try WindowStoreReader(path: folder.store)
    var devices = try reader.devices()
    var grouping = grouping
    if case .model(let name) = grouping {
      let own = devices.filter { device in
        name == device.name || ModelFile.owner(ofStem: name)?.device == device.name
      }
      if own.isEmpty { grouping = .mixed } else { devices = own }
    }
    var models = ModelFeatures(folder: folder.models)
    var collector = RowCollector(grouping, share: HTTPLoadDefaults.rows / max(1, devices.count))
    for place in stride(from: 0, to: devices.count, by: devicesPerRead) {
      let some = Array(devices[place..<min(place + devicesPerRead, devices.count)])
      let found = try reader.windows(
        visibleAfter: nil, through: nil, devices: some, columns: builder.columns)
      for windows in found {
        let key = ModelKey(device: windows.device, sensor: nil)
        // A whole device has the sensors that its model was trained on.
        let sensors =
          layout.per == .device
          ? models.features(of: key).flatMap { ModelLayout.sensors(ofFeatures: $0) } : nil
        for table in builder.tables(of: windows, sensors: sensors) where models.features(of: table.key) != nil
        {
          collector.add(table)
        }
      }
    }
    let rows = RequestRows(collector.finished())
    guard !rows.groups.isEmpty else {
      let wanted = if case .model(let name) = grouping { " of \(name.quoted)" } else { "" }
      throw HTTPLoadError(
        "\(folder.path) has no window\(wanted) that a model of \(folder.models) could score")
    }
    return rows
  }
}

/// Puts rows into their groups.
private struct RowCollector {
  private let grouping: RequestRows.Grouping
  /// How many rows a device gives at most.
  private let share: Int
  private var groups: [RequestRows.Group] = []
  /// Where the group of a model, or of a list of columns, is.
  private var places: [String: Int] = [:]
  private var numbers = 0

  init(_ grouping: RequestRows.Grouping, share: Int) {
    self.grouping = grouping
    self.share = max(1, share)
  }

  mutating func add(_ table: FeatureTable) {
    guard table.features.rowCount > 0 else { return }
    let owner = RequestRows.Group.Owner(device: table.key.device.name, sensor: table.key.sensor?.name)
    // As the service calls it: a device, or the stem of the files of a sensor's model.
    let model = owner.sensor == nil ? owner.device : table.key.stem
    if case .model(let name) = grouping, name != model { return }
    let name = grouping == .mixed ? table.featureNames.joined(separator: "\n") : model
    let place = places[name] ?? groups.count
    if place == groups.count {
      places[name] = place
      groups.append(
        RequestRows.Group(
          model: grouping == .mixed ? nil : model, columns: table.featureNames,
          width: table.featureNames.count, hasSensors: owner.sensor != nil))
    }
    for row in 0..<min(share, table.features.rowCount) {
      guard numbers < HTTPLoadDefaults.numbers else { return }
      groups[place].append(table.features[row: row], of: owner)
      numbers += table.featureNames.count
    }
  }

  /// Rows of mixed groups stand in turns, a device after the other, as windows of a fleet close.
  func finished() -> [RequestRows.Group] {
    grouping == .mixed ? groups.map(\.interleaved) : groups
  }
}

extension RequestRows.Group {
  /// The same rows: the first of every owner, then the second of every owner, and so on.
  fileprivate var interleaved: RequestRows.Group {
    var turns: [(turn: Int, row: Int)] = []
    var seen: [Owner: Int] = [:]
    for row in 0..<count {
      let turn = seen[owners[row], default: 0]
      seen[owners[row]] = turn + 1
      turns.append((turn, row))
    }
    var group = RequestRows.Group(model: model, columns: columns, width: width, hasSensors: hasSensors)
    for (_, row) in turns.sorted(by: { ($0.turn, $0.row) < ($1.turn, $1.row) }) {
      group.append(self.row(row), of: owners[row])
    }
    return group
  }
}
