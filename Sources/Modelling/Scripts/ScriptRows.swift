import Files
import Foundation
import OneClassSVM
import Telemetry
import Wording

/// The rows that a script has written for a task, held against those that were expected. Nothing is taken on trust: a row counts where it
/// is the only one of its window and its score is a number.
struct ScriptRows {
  private struct Key: Hashable {
    var model: ModelKey
    var start: Timestamp
  }

  /// What a script says of a window.
  private enum Said {
    case nothing
    case call(ScoredTable.Call)
    case fault(String)
  }

  /// What it says of each expected window.
  private let said: [Key: Said]
  /// Rows of windows that the task does not have, by device; and those of devices that it does not have.
  private let strangers: [DeviceID: Strangers]
  private let strangersOfNobody: Strangers

  private struct Strangers {
    var count = 0
    var first: String?

    mutating func add(_ text: String) {
      count += 1
      first = first ?? text
    }

    var reason: String? {
      first.map {
        "the script returned \(count == 1 ? "a row of a window" : "\(count) rows of windows") that it was not given, such as \($0.quoted)"
      }
    }
  }

  /// Reads the file at `path`. Throws ``ScriptFault`` where it is not what a script should write.
  init(path: String, of batch: ScriptMiniBatch, scope: ModelScope) throws(ScriptFault) {
    let expected = batch.windows
    var said: [Key: Said] = [:]
    for table in batch.tables {
      for row in table.rows { said[Key(model: table.key, start: row.start)] = .nothing }
    }
    var strangers: [DeviceID: Strangers] = [:]
    var strangersOfNobody = Strangers()
    let devices = Set(batch.tables.map(\.key.device))
    do {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw ScriptFault("has written no rows: there is no file at output")
      }
      guard Int(status.st_size) <= (expected + 1) * ScriptDefaults.bytesPerRow else {
        throw ScriptFault("has written \(status.st_size) bytes for \(expected) windows")
      }
      var reader = try CSVReader(path: path)
      let columns = try Columns(reader.header, scope)
      while let row = try reader.nextRow() {
        guard let key = columns.key(row.fields), let known = said[key] else {
          let text = columns.keyText(row.fields)
          if let device = columns.device(row.fields), devices.contains(device) {
            strangers[device, default: Strangers()].add(text)
          } else {
            strangersOfNobody.add(text)
          }
          continue
        }
        switch known {
        case .nothing: said[key] = columns.said(row.fields)
        case .call, .fault: said[key] = .fault("the script returned more than one row for this window")
        }
      }
    } catch let fault as ScriptFault {
      throw fault
    } catch let error as CSVError {
      throw ScriptFault("has written rows that cannot be read: line \(error.line): \(error.reason)")
    } catch {
      throw ScriptFault("has written rows that cannot be read: \(error)")
    }
    self.said = said
    self.strangers = strangers
    self.strangersOfNobody = strangersOfNobody
  }

  /// What the script says of the windows of `table`.
  func scored(_ table: ScriptMiniBatch.Table, version: String) -> ScoredTable {
    var rows: [FeatureTable.Row] = []
    var scores: [Double] = []
    var flags: [Bool] = []
    var failures: [FailedRow] = []
    // Whoever mixes up windows may have mixed up those that exist, too.
    if let reason = (strangers[table.key.device] ?? strangersOfNobody).reason ?? strangersOfNobody.reason {
      return ScoredTable(
        key: table.key, modelVersion: version, rows: [], scores: [],
        failures: table.rows.map { FailedRow(of: table.key, $0, reason: reason) })
    }
    for row in table.rows {
      switch said[Key(model: table.key, start: row.start)] ?? .nothing {
      case .call(let call):
        rows.append(row)
        scores.append(call.score)
        flags.append(call.isAnomaly)
      case .fault(let reason): failures.append(FailedRow(of: table.key, row, reason: reason))
      case .nothing:
        failures.append(FailedRow(of: table.key, row, reason: "the script returned no row for this window"))
      }
    }
    return ScoredTable(
      key: table.key, modelVersion: version, rows: rows, scores: scores, flags: flags, failures: failures)
  }

  /// Where the fields of a row are.
  private struct Columns {
    private let device: Int
    private let sensor: Int?
    private let start: Int
    private let score: Int?
    private let prediction: Int?

    init(_ header: [String], _ scope: ModelScope) throws(ScriptFault) {
      guard let device = header.firstIndex(of: "device"), let start = header.firstIndex(of: "window_start")
      else {
        throw ScriptFault("returned rows without \(header.contains("device") ? "window_start" : "device")")
      }
      sensor = header.firstIndex(of: "sensor")
      guard scope == .device || sensor != nil else {
        throw ScriptFault("returned rows without sensor, though it scores sensors")
      }
      self.device = device
      self.start = start
      isOfSensor = scope == .sensor
      score = header.firstIndex(of: "score")
      prediction = header.firstIndex(of: "prediction")
      guard score != nil || prediction != nil else {
        throw ScriptFault("returned rows with neither score nor prediction")
      }
    }

    private let isOfSensor: Bool

    func key(_ fields: [String]) -> Key? {
      guard let id = DeviceID(fields[device]), let time = Timestamp(iso8601: fields[start]) else {
        return nil
      }
      guard isOfSensor, let sensor else { return Key(model: ModelKey(device: id, sensor: nil), start: time) }
      guard let name = SensorID(fields[sensor]) else { return nil }
      return Key(model: ModelKey(device: id, sensor: name), start: time)
    }

    func device(_ fields: [String]) -> DeviceID? { DeviceID(fields[device]) }

    func keyText(_ fields: [String]) -> String {
      let parts = [fields[device], isOfSensor ? sensor.map { fields[$0] } : nil, fields[start]]
      return parts.compactMap { $0.map { String($0.prefix(64)) } }.joined(separator: " ")
    }

    func said(_ fields: [String]) -> Said {
      var call: Bool?
      if let prediction, !fields[prediction].isEmpty {
        switch fields[prediction] {
        case "0": call = false
        case "1": call = true
        case let other:
          return .fault(
            "the script's prediction is \(String(other.prefix(64)).quoted); 1 is an anomaly, and 0 is none")
        }
      }
      guard let score else {
        // A score that says no more than the prediction does.
        guard let call else { return .fault("the script returned no prediction for this window") }
        return .call(.init(score: call ? -1 : 1, isAnomaly: call))
      }
      guard !fields[score].isEmpty else { return .fault("the script returned no score for this window") }
      guard let number = Double(fields[score]) else {
        return .fault("the script's score is \(String(fields[score].prefix(64)).quoted), which is no number")
      }
      guard number.isFinite else {
        return .fault("the script's score is \(number); only finite numbers can be ranked")
      }
      return .call(.init(score: number, isAnomaly: call ?? OneClassModel.isAnomaly(number)))
    }
  }
}
