import Files
import Foundation

/// The lines of `timeline.csv` as they come: the last ones for rates, all of them for the history. Pure.
package struct LiveTimeline: Sendable {
  /// A line.
  package struct Line: Hashable, Sendable {
    package var point: LiveHistory.Point
    package var phase: String
    package var late: Int
    package var rejected: Int
    /// What a part uses: bytes of memory, seconds of processor time.
    package var parts: [String: Usage]
  }

  package struct Usage: Hashable, Sendable {
    package var memoryBytes: Int
    package var cpuSeconds: Double
  }

  /// What a part uses at present.
  package struct Part: Hashable, Sendable {
    package var name: String
    package var memoryBytes: Int
    /// Processors that it has kept busy; nil where there is only one line of it.
    package var cores: Double?
  }

  /// Things a second.
  package struct Rates: Hashable, Sendable {
    package var published: Double
    package var stored: Double
    package var windows: Double
    package var predictions: Double
  }

  private var columns: [String: Int] = [:]
  private var recent: [Line] = []
  /// The parts that the file has columns for, in its order.
  private var names: [String] = []
  package private(set) var history = LiveHistory()

  package init() {}

  package var last: Line? { recent.last }

  /// Takes further lines, of which the first one ever is the header. A line that cannot be read is left out.
  package mutating func take(_ lines: [String]) {
    for text in lines {
      let fields = text.split(separator: ",", omittingEmptySubsequences: false)
      guard !columns.isEmpty else {
        for (place, name) in fields.enumerated() { columns[String(name)] = place }
        names = fields.compactMap { name in
          name.hasSuffix(Self.memory) ? String(name.dropLast(Self.memory.count)) : nil
        }
        continue
      }
      guard let line = line(fields) else { continue }
      recent.append(line)
      if recent.count > LiveDefaults.linesOfRates { recent.removeFirst() }
      history.add(line.point)
    }
  }

  private static let memory = "_memory_bytes"

  private func line(_ fields: [Substring]) -> Line? {
    func text(_ name: String) -> Substring? {
      guard let place = columns[name], fields.indices.contains(place), !fields[place].isEmpty else {
        return nil
      }
      return fields[place]
    }
    func count(_ name: String) -> Int { text(name).flatMap { Int($0) } ?? 0 }
    guard let seconds = text("seconds").flatMap({ Double($0) }), seconds.isFinite, let phase = text("phase")
    else { return nil }
    var parts: [String: Usage] = [:]
    for name in names {
      guard let memory = text(name + Self.memory).flatMap({ Int($0) }),
        let cpu = text(name + "_cpu_seconds").flatMap({ Double($0) })
      else { continue }
      parts[name] = Usage(memoryBytes: memory, cpuSeconds: cpu)
    }
    return Line(
      point: LiveHistory.Point(
        seconds: seconds, published: count("published"), stored: count("stored"), windows: count("windows"),
        predictions: count("predictions"), backlog: count("backlog")),
      phase: String(phase), late: count("late"), rejected: count("rejected"), parts: parts)
  }

  /// Over the last lines; nil with fewer than two.
  package var rates: Rates? {
    guard let first = recent.first?.point, let last = recent.last?.point, last.seconds > first.seconds else {
      return nil
    }
    func rate(_ count: (LiveHistory.Point) -> Int) -> Double {
      Double(max(0, count(last) - count(first))) / (last.seconds - first.seconds)
    }
    return Rates(
      published: rate(\.published), stored: rate(\.stored), windows: rate(\.windows),
      predictions: rate(\.predictions))
  }

  /// How long a message is under way on average, in seconds: those under way over those that arrive a second (Little's law, L = λW). Nil
  /// where nothing arrives.
  package var meanWait: Double? {
    guard let rates, rates.stored > 0, !recent.isEmpty else { return nil }
    let backlog = Double(recent.reduce(0) { $0 + $1.point.backlog }) / Double(recent.count)
    return backlog / rates.stored
  }

  /// The parts that are there, in the order of the file.
  package var parts: [Part] {
    guard let last = recent.last else { return [] }
    return names.compactMap { name in
      guard let now = last.parts[name] else { return nil }
      // A part that was killed and started again begins at nothing.
      let before = recent.first { line in
        line.parts[name].map { $0.cpuSeconds <= now.cpuSeconds } ?? false
      }
      let span = before.map { last.point.seconds - $0.point.seconds } ?? 0
      let cores = span > 0 ? (now.cpuSeconds - (before?.parts[name]?.cpuSeconds ?? 0)) / span : nil
      return Part(name: name, memoryBytes: now.memoryBytes, cores: cores)
    }
  }
}
