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
  /// Rows that belong to no window of the task, and the first of them.
  private let strangers: (count: Int, first: String?)

  /// Reads the file at `path`. Throws ``ScriptFault`` where it is not what a script should write.
  init(path: String, of batch: ScriptMiniBatch, scope: ModelScope) throws(ScriptFault) {
    let expected = batch.windows
    var said: [Key: Said] = [:]
    for table in batch.tables {
      for row in table.rows { said[Key(model: table.key, start: row.start)] = .nothing }
    }
    var strangers: (count: Int, first: String?) = (0, nil)
    do {
      var status = stat()
      guard stat(path, &status) == 0 else { throw ScriptFault("has written no rows: there is no \(path)") }
      guard Int(status.st_size) <= (expected + 1) * ScriptDefaults.bytesPerRow else {
        throw ScriptFault("has written \(status.st_size) bytes for \(expected) windows")
      }
      var reader = try CSVReader(path: path)
      let columns = try Columns(reader.header, scope)
      while let row = try reader.nextRow() {
        guard let key = columns.key(row.fields), let known = said[key] else {
          strangers.count += 1
          strangers.first = strangers.first ?? columns.keyText(row.fields)
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
  }

  /// What the script says of the windows of `table`.
  func scored(_ table: ScriptMiniBatch.Table, version: String) -> ScoredTable {
    var rows: [FeatureTable.Row] = []
    var scores: [Double] = []
    var flags: [Bool] = []
    var failures: [FailedRow] = []
    for row in table.rows {
      switch said[Key(model: table.key, start: row.start)] ?? .nothing {
      case .call(let call):
        rows.append(row)
        scores.append(call.score)
        flags.append(call.isAnomaly)
      case .fault(let reason): failures.append(FailedRow(of: table.key, row, reason: reason))
      case .nothing: failures.append(FailedRow(of: table.key, row, reason: missing))
      }
    }
    return ScoredTable(
      key: table.key, modelVersion: version, rows: rows, scores: scores, flags: flags, failures: failures)
  }

  private var missing: String {
    guard let first = strangers.first else { return "the script returned no row for this window" }
    return
      "the script returned no row for this window, but \(strangers.count) of windows that it was not given, such as "
      + first.quoted
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
      guard let score, !fields[score].isEmpty else {
        // A score that says no more than the prediction does.
        guard let call else { return .fault("the script returned neither a score nor a prediction") }
        return .call(.init(score: call ? -1 : 1, isAnomaly: call))
      }
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
