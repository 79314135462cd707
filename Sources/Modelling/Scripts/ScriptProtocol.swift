import Foundation
import Wording

// The protocol between a worker and a scoring script: one JSON object a line. docs/scripts.md explains it to those who write a script in
// another language than Python.
//
//     script → worker   {"status":"ready"}                                        once, when it can score
//     worker → script   {"task":17,"windows":240,"files":["/…/device_pump-001.csv",…],"output":"/…/rows.csv"}
//     script → worker   {"status":"ok","task":17}                                 the rows are in the file `output`
//                    or {"status":"failed","task":17,"reason":"…"}                not one row of the task is scored
//
// The script of an online endpoint gets bodies in place of files, and says its answer itself:
//
//     worker → script   {"task":17,"body":"{\"data\": …"}
//     script → worker   {"status":"ok","task":17,"answer":"[0.5]"}                the answer is JSON
//
// One request at a time. The end of standard input means: exit. What the script writes to standard error is its log.

/// One line on a script's standard input: score these files.
struct ScriptRequest: Hashable, Sendable, Codable {
  /// The number of the request, which its reply repeats.
  var task: Int
  /// How many rows are expected.
  var windows: Int
  /// Paths of CSV files, in the order of devices and sensors.
  var files: [String]
  /// The path of the CSV file that the script writes.
  var output: String

  /// The request as one line of JSON, with its line feed.
  var line: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("strings and integers always encode")
    }
    return Array(data) + [0x0A]
  }
}

/// One line on a script's standard output.
struct ScriptReply: Hashable, Sendable, Codable {
  enum Status: String, Hashable, Sendable, Codable {
    case ready, ok, failed
  }

  var status: Status
  var task: Int?
  /// Why it has failed.
  var reason: String?
  /// What the script of an online endpoint has answered, as JSON.
  var answer: String?

  /// Reads a line. Throws ``ScriptFault`` where it is no reply.
  init(line: some Sequence<UInt8>) throws(ScriptFault) {
    let line = Data(line)
    guard let reply = try? JSONDecoder().decode(ScriptReply.self, from: line) else {
      let text = String(decoding: line.prefix(200), as: UTF8.self)
      throw ScriptFault(
        "wrote \(text.quoted) to its standard output, which is for replies; what it prints belongs to standard error"
      )
    }
    self = reply
  }

  /// Why it has failed, as a part of a message.
  var why: String { reason.map(Self.oneLine) ?? "it did not say why" }

  /// What somebody else wrote, as a part of a line: without control characters, and no longer than a person reads.
  static func oneLine(_ text: some StringProtocol) -> String {
    let words = String(text).split {
      $0.isWhitespace || $0.isNewline
        || $0.unicodeScalars.first.map { $0.value < 32 || $0.value == 127 } ?? false
    }
    return String(words.joined(separator: " ").prefix(ScriptDefaults.reasonLength))
  }
}

/// What a script did that ends a task, or the script: a verb phrase, without the script's name.
package struct ScriptFault: Error, Hashable, CustomStringConvertible {
  package let description: String
  /// Whether it took too long: trying again would take as long.
  package let isLate: Bool

  init(_ description: String, isLate: Bool = false) {
    self.description = description
    self.isLate = isLate
  }
}
