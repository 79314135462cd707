import BatchScoring
import Files
import Foundation
import Telemetry
import Wording

// What is sent of a live state, as JSON. Texts of others are cut; the page puts them in as text alone.
extension LiveState {
  /// What changes each second.
  package var stateJSON: [UInt8] {
    var json = JSONWriter(reserving: 4_096)
    json.beginObject()
    json.key("scenario")
    json.text(Self.cut(notices.scenario ?? end?.scenario ?? folder))
    json.key("folder")
    json.text(Self.cut(folder))
    json.key("phase")
    json.text(Self.cut(phase))
    json.key("quiet_seconds")
    json.number(Int(quiet.seconds))
    writeFlow(&json)
    writeParts(&json)
    writeJobs(&json)
    writeNodes(&json)
    writeFaults(&json)
    json.key("devices")
    json.beginObject()
    json.key("total")
    json.number(devices.count)
    for state in LiveDevices.State.allCases {
      json.key(named: "\(state)")
      json.number(devices.counts[state.rawValue])
    }
    json.endObject()
    json.key("trouble")
    Self.write(trouble, &json)
    json.key("end")
    writeEnd(&json)
    json.endObject()
    return json.finish()
  }

  /// What the run is at, in a word or two.
  package var phase: String {
    if end != nil { return "ended" }
    if let phase = notices.phase ?? timeline.last?.phase {
      guard phase == "scoring", let trial = notices.trial else { return phase }
      return trial
    }
    return "starting"
  }

  private func writeFlow(_ json: inout JSONWriter) {
    let point = timeline.last?.point
    json.key("point")
    if let point { Self.write(point, &json) } else { json.null() }
    json.key("planned")
    Self.write(notices.plannedMessages ?? end?.plannedMessages, &json)
    json.key("late")
    json.number(progress?.lateMessages ?? timeline.last?.late ?? 0)
    json.key("rejected")
    json.number(progress?.rejectedMessages ?? timeline.last?.rejected ?? 0)
    json.key("duplicates")
    json.number(progress?.duplicateMessages ?? 0)
    json.key("windows_revised")
    json.number(progress?.windowsRevised ?? 0)
    json.key("event_time")
    Self.write(progress?.newestOfFleet?.description, &json)
    json.key("watermark")
    Self.write(progress?.fleetWatermark?.description, &json)
    json.key("rates")
    if end == nil, let rates = timeline.rates {
      json.beginObject()
      for (name, value) in [
        ("published", rates.published), ("stored", rates.stored), ("windows", rates.windows),
        ("predictions", rates.predictions),
      ] {
        json.key(named: name)
        json.raw(Self.short(value))
      }
      json.endObject()
    } else {
      json.null()
    }
    json.key("wait_seconds")
    if end == nil, let wait = timeline.meanWait { json.raw(Self.short(wait)) } else { json.null() }
  }

  private func writeParts(_ json: inout JSONWriter) {
    json.key("parts")
    json.beginArray()
    for part in end == nil ? timeline.parts.prefix(LiveDefaults.nodes) : [] {
      json.beginArray()
      json.text(Self.cut(part.name))
      json.number(part.memoryBytes)
      if let cores = part.cores { json.raw(Self.short(cores)) } else { json.null() }
      json.endArray()
    }
    json.endArray()
  }

  private func writeJobs(_ json: inout JSONWriter) {
    json.key("jobs")
    guard let jobs else { return json.null() }
    json.beginObject()
    json.key("total")
    json.number(jobs.counts.values.reduce(0, +))
    for state in JobState.allCases {
      json.key(named: state.rawValue)
      json.number(jobs.counts[state] ?? 0)
    }
    json.key("predictions")
    json.number(jobs.predictions)
    json.key("retries")
    json.number(jobs.retries)
    json.key("newest")
    json.beginArray()
    for job in jobs.jobs.prefix(LiveDefaults.jobs) {
      let tasks = jobs.tasks[job.cut.id] ?? [:]
      json.beginArray()
      json.text(Self.cut(job.cut.id))
      json.text(job.state.rawValue)
      json.number(job.tasks)
      json.number(job.state.isFinal ? job.tasks - job.failedTasks : tasks["completed"] ?? 0)
      json.number(job.state.isFinal ? job.failedTasks : tasks["failed"] ?? 0)
      json.number(job.predictions)
      let from = job.startedAt ?? job.queuedAt
      json.raw(Self.short(max(0, ((job.endedAt ?? now) - from).seconds)))
      Self.write(job.state == .failed ? job.reason : nil, &json)
      json.endArray()
    }
    json.endArray()
    json.endObject()
  }

  private func writeNodes(_ json: inout JSONWriter) {
    let present = nodes.nodes
    json.key("nodes")
    json.beginObject()
    json.key("present")
    json.number(present.count)
    json.key("ever")
    json.number(nodes.lives)
    json.key("seconds")
    json.raw(Self.short(nodes.seconds(at: now)))
    json.key("list")
    json.beginArray()
    for node in present.prefix(LiveDefaults.nodes) {
      json.beginArray()
      json.text(Self.cut(node.target))
      json.number(node.node)
      json.text(node.state.rawValue)
      json.endArray()
    }
    json.endArray()
    json.endObject()
    json.key("replicas")
    json.beginArray()
    for replica in replicas.prefix(LiveDefaults.nodes) {
      json.beginArray()
      json.number(replica.replica)
      json.text(Self.cut(replica.state))
      json.endArray()
    }
    json.endArray()
  }

  private func writeFaults(_ json: inout JSONWriter) {
    json.key("faults")
    json.beginArray()
    for fault in notices.faults {
      json.beginArray()
      json.text(Self.cut(fault.text))
      Self.write(fault.what, &json)
      if let seconds = fault.seconds { json.raw(Self.short(seconds)) } else { json.null() }
      json.endArray()
    }
    json.endArray()
    json.key("more_faults")
    json.number(notices.moreFaults)
    json.key("notices")
    json.beginArray()
    for notice in notices.notices {
      json.beginArray()
      json.raw(Self.short(notice.seconds))
      json.text(Self.cut(notice.text))
      json.endArray()
    }
    json.endArray()
  }

  private func writeEnd(_ json: inout JSONWriter) {
    guard let end else { return json.null() }
    json.beginObject()
    json.key("verdict")
    json.text(Self.cut(end.verdict))
    json.key("sentence")
    json.text(Self.cut(end.sentence))
    json.key("reason")
    if let reason = end.reason {
      json.text(Self.cut(reason, LiveDefaults.reasonLength))
    } else {
      json.null()
    }
    json.key("failed")
    json.beginArray()
    for expectation in end.failed {
      json.beginArray()
      json.text(Self.cut(expectation.expression))
      json.text(Self.cut(expectation.actual))
      json.endArray()
    }
    json.endArray()
    json.key("lost")
    if let lost = end.lost { json.raw(Self.short(lost)) } else { json.null() }
    json.key("recall")
    if let recall = end.recall { json.raw(Self.short(recall)) } else { json.null() }
    json.key("cost_dollars")
    if let cost = end.costDollars { json.raw(Self.short(cost)) } else { json.null() }
    json.key("latency_ms")
    json.beginArray()
    for name in ["p50", "p90", "p99", "p99.9"] {
      guard let value = end.latency[name] else { continue }
      json.beginArray()
      json.text(name)
      json.raw(Self.short(value))
      json.endArray()
    }
    json.endArray()
    json.key("report")
    Self.write(end.hasPage ? LiveRoute.report.pattern : nil, &json)
    json.endObject()
  }

  /// The course of the run so far.
  package var historyJSON: [UInt8] {
    var json = JSONWriter(reserving: 16_384)
    json.beginObject()
    json.key("points")
    json.beginArray()
    for point in timeline.history.points { Self.write(point, &json) }
    json.endArray()
    json.endObject()
    return json.finish()
  }

  /// The grid of devices: the worst, the worst first.
  package func devicesJSON(most: Int = LiveDefaults.cells) -> [UInt8] {
    let cells = devices.worst(most)
    let sensors = Array(Set(cells.compactMap(\.sensor))).sorted()
    let places = Dictionary(uniqueKeysWithValues: sensors.enumerated().map { ($1, $0) })
    var json = JSONWriter(reserving: 64 * cells.count)
    json.beginObject()
    json.key("total")
    json.number(devices.count)
    json.key("sensors")
    json.beginArray()
    for sensor in sensors { json.text(Self.cut(sensor)) }
    json.endArray()
    json.key("cells")
    json.beginArray()
    for cell in cells {
      json.beginArray()
      json.text(Self.cut(cell.name))
      json.number(cell.state.rawValue)
      if let value = cell.value { json.raw(Self.short(value)) } else { json.null() }
      if let sensor = cell.sensor.flatMap({ places[$0] }) { json.number(sensor) } else { json.null() }
      if let score = cell.score { json.raw(Self.short(score)) } else { json.null() }
      json.endArray()
    }
    json.endArray()
    json.endObject()
    return json.finish()
  }

  // MARK: - Values

  private static func write(_ point: LiveHistory.Point, _ json: inout JSONWriter) {
    json.beginArray()
    json.raw(short(point.seconds))
    for count in [point.published, point.stored, point.windows, point.predictions, point.backlog] {
      json.number(count)
    }
    json.endArray()
  }

  private static func write(_ text: String?, _ json: inout JSONWriter) {
    if let text { json.text(cut(text)) } else { json.null() }
  }

  private static func write(_ count: Int?, _ json: inout JSONWriter) {
    if let count { json.number(count) } else { json.null() }
  }

  /// A number with the digits that a person reads; null for what JSON has no number for.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    if abs(value) >= 100_000, abs(value) < 1e15 { return "\(Int64(value.rounded()))" }
    return String(format: "%.5g", value)
  }

  /// A text of somebody else's: cut where it is too long, and without characters that show nothing or turn the direction of what follows.
  static func cut(_ text: String, _ most: Int = LiveDefaults.textLength) -> String {
    var cut = String.UnicodeScalarView()
    for (place, scalar) in text.unicodeScalars.enumerated() {
      guard place < most else {
        cut.append("…")
        break
      }
      switch scalar {
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        cut.append("\u{FFFD}")
      default: cut.append(scalar)
      }
    }
    return String(cut)
  }
}
