import Documents
import Foundation
import PayloadMapping
import Scenario
import Telemetry

/// A message of a source that a preset is for, and what must come of it: from the files of `PayloadMessages`.
struct PayloadSample: CustomStringConvertible {
  /// A reading, with the arrival as its time where the message has none.
  struct Reading: Hashable, CustomStringConvertible {
    let device: String
    let milliseconds: Int64
    let sensor: String
    let value: Double

    var description: String { "\(device) \(milliseconds) \(sensor) \(value)" }
  }

  let preset: PayloadPreset
  let about: String
  let topic: String
  let payload: [UInt8]
  /// Whether the message is none of ours: not stored, not rejected.
  let isNothing: Bool
  /// What the reason says for which all of the message is rejected.
  let rejected: [String]
  /// What the reasons say for which single values or records are refused.
  let refused: [String]
  let readings: [Reading]

  var description: String { "\(preset.rawValue): \(about)" }

  /// When all samples come.
  static let arrival = Timestamp(milliseconds: 1_772_500_000_123)

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "PayloadMessages")
    .path

  /// The messages as the documentation of the source shows them.
  static func sound(_ preset: PayloadPreset) throws -> [PayloadSample] { try read(preset, "messages") }

  /// Messages with a fault.
  static func malformed(_ preset: PayloadPreset) throws -> [PayloadSample] { try read(preset, "malformed") }

  private static func read(_ preset: PayloadPreset, _ key: String) throws -> [PayloadSample] {
    let path = "\(folder)/\(preset.rawValue).yaml"
    let root = try DocumentNode.parse(String(contentsOfFile: path, encoding: .utf8), path: path)
    return (root[key]?.elements ?? []).map { PayloadSample(preset, $0) }
  }

  private init(_ preset: PayloadPreset, _ node: DocumentNode) {
    self.preset = preset
    about = node["about"]?.text ?? ""
    topic = node["topic"]?.text ?? ""
    let digits = Array((node["payload_hex"]?.text ?? "").utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
    }
    payload = node["payload"]?.text.map { Array($0.utf8) } ?? bytes
    isNothing = node["nothing"]?.boolean ?? false
    rejected = node["rejected"]?.elements.compactMap(\.text) ?? []
    refused = node["refused"]?.elements.compactMap(\.text) ?? []
    readings = (node["readings"]?.elements ?? []).flatMap { reading in
      (reading["values"]?.entries ?? []).map { entry in
        Reading(
          device: reading["device"]?.text ?? "",
          milliseconds: reading["ts"]?.wholeNumber.flatMap(Int64.init(exactly:)) ?? Self.arrival.milliseconds,
          sensor: entry.key, value: entry.value.number ?? .nan)
      }
    }
  }

  /// What `mapping` makes otherwise than it must be; empty where it is right.
  func differences(under mapping: PayloadMapping) -> [String] {
    var trial = PayloadTrial(mapping)
    let outcome = trial.outcome(topic: topic, payload: payload, arrival: Self.arrival)
    var differences: [String] = []
    func expect(_ isRight: Bool, _ what: String) { if !isRight { differences.append("\(self): \(what)") } }
    let found = outcome.readings.map {
      Reading(
        device: $0.device.name, milliseconds: $0.timestamp.milliseconds, sensor: $0.sensor.name,
        value: $0.value)
    }
    for reading in readings where !found.contains(reading) { expect(false, "lacks \(reading)") }
    for reading in found where !readings.contains(reading) { expect(false, "has \(reading)") }
    expect(found.count == Set(found).count, "a reading is there twice")
    expect(outcome.isNothing == isNothing, isNothing ? "is not none of ours" : "is none of ours")
    let reason = outcome.rejection ?? ""
    expect(outcome.rejection == nil || !rejected.isEmpty, "is rejected: \(reason)")
    expect(outcome.rejection != nil || rejected.isEmpty, "is not rejected")
    for part in rejected { expect(reason.contains(part), "the reason \(reason) does not say \(part)") }
    expect(outcome.refusedCount == refused.count, "refused are \(outcome.refused)")
    for part in refused {
      expect(outcome.refused.contains { $0.contains(part) }, "no reason of \(outcome.refused) says \(part)")
    }
    return differences
  }
}

extension DocumentNode {
  fileprivate var entries: [Entry] { if case .mapping(let entries) = content { entries } else { [] } }
  fileprivate var elements: [DocumentNode] { if case .sequence(let nodes) = content { nodes } else { [] } }
  fileprivate subscript(key: String) -> DocumentNode? { entries.first { $0.key == key }?.value }
}
