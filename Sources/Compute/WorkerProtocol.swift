import Foundation
import Wording

// The protocol between a compute target and a worker: one JSON object a line.
//
//     worker → target   {"status":"ready"}                                             once, at the start
//     target → worker   {"attempt":1,"input":"/runs/…/job.json","task":17}             on the worker's standard input
//     worker → target   {"status":"ok","task":17,"attempt":1,"items":120,"failed_items":2,
//                        "begun_us":5117003200,"busy_us":1800}
//                    or {"status":"failed","task":17,"attempt":1,"reason":"…","retry":true}
//
// One request at a time. The end of standard input means: finish and exit. That is also how a worker learns that
// its coordinator has died. What a worker writes to standard error goes to its log file.

/// One line on a worker's standard input: do this task.
package struct WorkerRequest: Hashable, Sendable, Codable {
  /// The job's ``ComputeJob/input``.
  package var input: String
  package var task: Int
  /// From 1.
  package var attempt: Int

  package init(input: String, task: Int, attempt: Int) {
    self.input = input
    self.task = task
    self.attempt = attempt
  }

  /// The request as one line of JSON, with its line feed.
  var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("strings and integers always encode")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

/// What a task has done, in the worker's own unit (rows, files).
package struct TaskCounts: Hashable, Sendable, Codable {
  package var items: Int
  /// How many of them could not be done.
  package var failedItems: Int
  /// How long the worker was at it, which leaves out everything between worker and target; nil where it does not say.
  package var busyMicroseconds: Int?
  /// When it began, by the `MachineClock` of the worker's machine; nil where it does not say.
  package var begunMicroseconds: Int?

  package init(
    items: Int, failedItems: Int, busyMicroseconds: Int? = nil, begunMicroseconds: Int? = nil
  ) {
    self.items = items
    self.failedItems = failedItems
    self.busyMicroseconds = busyMicroseconds
    self.begunMicroseconds = begunMicroseconds
  }
}

/// One line on a worker's standard output.
package enum WorkerReply: Hashable, Sendable {
  /// The worker has started and takes requests.
  case ready
  case succeeded(task: Int, attempt: Int, TaskCounts)
  /// `retry` is false where another attempt cannot end differently.
  case failed(task: Int, attempt: Int, reason: String, retry: Bool)
}

extension WorkerReply: Codable {
  private enum Key: String, CodingKey {
    case status, task, attempt, items, reason, retry
    case failedItems = "failed_items"
    case busyMicroseconds = "busy_us"
    case begunMicroseconds = "begun_us"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .status) {
    case "ready":
      self = .ready
    case "ok":
      let counts = TaskCounts(
        items: try container.decode(Int.self, forKey: .items),
        failedItems: try container.decode(Int.self, forKey: .failedItems),
        busyMicroseconds: try container.decodeIfPresent(Int.self, forKey: .busyMicroseconds),
        begunMicroseconds: try container.decodeIfPresent(Int.self, forKey: .begunMicroseconds))
      self = .succeeded(
        task: try container.decode(Int.self, forKey: .task),
        attempt: try container.decode(Int.self, forKey: .attempt),
        counts)
    case "failed":
      self = .failed(
        task: try container.decode(Int.self, forKey: .task),
        attempt: try container.decode(Int.self, forKey: .attempt),
        reason: try container.decode(String.self, forKey: .reason),
        retry: try container.decodeIfPresent(Bool.self, forKey: .retry) ?? true)
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .status, in: container, debugDescription: "\(other.quoted) is none of ready, ok, failed")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .ready:
      try container.encode("ready", forKey: .status)
    case .succeeded(let task, let attempt, let counts):
      try container.encode("ok", forKey: .status)
      try container.encode(task, forKey: .task)
      try container.encode(attempt, forKey: .attempt)
      try container.encode(counts.items, forKey: .items)
      try container.encode(counts.failedItems, forKey: .failedItems)
      try container.encodeIfPresent(counts.busyMicroseconds, forKey: .busyMicroseconds)
      try container.encodeIfPresent(counts.begunMicroseconds, forKey: .begunMicroseconds)
    case .failed(let task, let attempt, let reason, let retry):
      try container.encode("failed", forKey: .status)
      try container.encode(task, forKey: .task)
      try container.encode(attempt, forKey: .attempt)
      try container.encode(reason, forKey: .reason)
      try container.encode(retry, forKey: .retry)
    }
  }
}
