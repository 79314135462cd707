import Foundation

/// Reads the lines about one job from the logs of workers, which grow meanwhile.
package struct WorkerLogs: Sendable {
  private struct Place: Sendable {
    var offset: UInt64 = 0
    /// A line without its end.
    var rest = Data()
    /// Whether the last request that the worker logged was one of the job's.
    var belongs = false
  }

  package let folder: String
  package let job: String
  /// How much of the end of each log is looked at; nil for all of it.
  private let tailBytes: UInt64?
  private var places: [String: Place] = [:]

  /// - Parameters:
  ///   - folder: Of the logs: ``RunFolder/workerLogs``.
  ///   - tailBytes: How much of the end of each log is looked at; nil for all of it.
  package init(folder: String, job: String, tailBytes: Int? = nil) {
    self.folder = folder
    self.job = job
    self.tailBytes = tailBytes.map(UInt64.init)
  }

  /// The lines that have been written since the last call, each with the name of its log. Throws where a log cannot be read.
  package mutating func newLines() throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return try names.filter { $0.hasSuffix(".log") }.sorted().flatMap { try newLines(of: $0) }
  }

  private mutating func newLines(of name: String) throws -> [String] {
    guard let file = FileHandle(forReadingAtPath: "\(folder)/\(name)") else { return [] }
    defer { try? file.close() }
    var place = try places[name] ?? begin(file)
    try file.seek(toOffset: place.offset)
    let data = try file.readToEnd() ?? Data()
    place.offset += UInt64(data.count)
    var lines = (place.rest + data).split(separator: 0x0A, omittingEmptySubsequences: false)
    place.rest = Data(lines.popLast() ?? Data())
    var found: [String] = []
    for line in lines {
      let text = String(decoding: line, as: UTF8.self)
      // A line that names no job belongs to the task before it: what a library or a crash has written.
      if text.hasPrefix("task "), text.contains(" attempt ") {
        place.belongs = text.contains("/predictions/\(job)/")
      }
      if place.belongs, !text.isEmpty { found.append("\(name.dropLast(".log".count)): \(text)") }
    }
    places[name] = place
    return found
  }

  /// Where the reading of a log begins: with a whole line.
  private func begin(_ file: FileHandle) throws -> Place {
    guard let tailBytes else { return Place() }
    let end = try file.seekToEnd()
    guard end > tailBytes else { return Place() }
    // One byte before, so that a line that begins just there is whole.
    try file.seek(toOffset: end - tailBytes - 1)
    let tail = try file.readToEnd() ?? Data()
    guard let lineEnd = tail.firstIndex(of: 0x0A) else { return Place(offset: end) }
    return Place(offset: end - tailBytes + UInt64(lineEnd - tail.startIndex))
  }
}
