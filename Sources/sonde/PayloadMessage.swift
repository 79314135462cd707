import Files
import Foundation
import PayloadMapping
import Telemetry
import Wording

/// A message of a file, as `mosquitto_sub` writes them.
struct PayloadMessage {
  let topic: String
  let payload: [UInt8]
  let arrival: Timestamp

  /// What `mosquitto_sub -F %j` writes a line.
  private struct Described: Decodable {
    let topic: String
    /// Nil: it is `null`, as mosquitto_sub has it where it is empty.
    let payload: String?
    /// The time of arrival, with its zone.
    let tst: String?

    private enum CodingKeys: String, CodingKey {
      case topic, payload, tst
      case length = "payloadlen"
    }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: CodingKeys.self)
      topic = try members.decode(String.self, forKey: .topic)
      tst = try members.decodeIfPresent(String.self, forKey: .tst)
      do {
        let isNull = try members.decodeNil(forKey: .payload)
        // The payload “null” of -F %J has four bytes.
        if isNull, try members.decodeIfPresent(Int.self, forKey: .length) ?? 0 > 0 { throw PayloadIsNoText() }
        payload = isNull ? nil : try members.decode(String.self, forKey: .payload)
      } catch DecodingError.typeMismatch {
        throw PayloadIsNoText()
      }
    }

    /// The instant that ``tst`` is; nil where it cannot be read.
    ///
    /// `mosquitto_sub` 2.0.11 prints local time, a literal `Z` and then the zone: `2026-11-30T14:01:07.934950Z+0100` is 13:01:07 UTC.
    static func instant(_ tst: String) -> Timestamp? {
      let zone = tst.utf8.suffix(6)
      let isMarkedTwice =
        tst.utf8.count > 6 && zone.first == UInt8(ascii: "Z")
        && "+-".utf8.contains(zone.dropFirst().first ?? 0)
      return Timestamp(iso8601: isMarkedTwice ? tst.dropLast(6) + tst.suffix(5) : tst[...])
    }
  }

  /// The messages of a file, one a line: `-F %j`, or `-v` with a space between topic and payload. Throws ``PayloadFileError``.
  ///
  /// - Parameters:
  ///   - mapping: By its topics is told where a topic with spaces ends.
  ///   - arrival: Of messages that do not say it.
  static func lines(
    _ bytes: [UInt8], of file: String, for mapping: PayloadMapping, arrival: Timestamp
  ) throws -> [PayloadMessage] {
    let patterns = mapping.messages.flatMap(\.topics)
    var messages: [PayloadMessage] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty { continue }
      func fault(_ reason: String) -> PayloadFileError {
        PayloadFileError(file: file, line: index + 1, reason: reason)
      }
      if line.first == UInt8(ascii: "{") {
        let raw = RawText(line)
        let described: Described
        do {
          described = try JSONDecoder().decode(Described.self, from: raw.json)
        } catch is PayloadIsNoText {
          throw fault(
            "the payload is no text but JSON, as mosquitto_sub -F %J writes it, which is not always as it was sent; use -F %j"
          )
        } catch {
          throw fault(
            "no message as mosquitto_sub -F %j writes it, with a topic and a payload that is text; for a payload alone give --topic"
          )
        }
        guard let topic = String(validating: raw.bytes(of: described.topic), as: UTF8.self) else {
          throw fault("the topic is not UTF-8")
        }
        var arrival = arrival
        if let tst = described.tst {
          guard let instant = Described.instant(tst) else {
            throw fault(
              "“tst” is \(tst.quoted), which is no time of arrival such as 2026-01-01T13:00:00.250000+0100; leave it out for --arrival"
            )
          }
          arrival = instant
        }
        messages.append(
          PayloadMessage(topic: topic, payload: raw.bytes(of: described.payload ?? ""), arrival: arrival))
        continue
      }
      let space = endOfTopic(line, patterns)
      guard let topic = String(validating: line[..<space], as: UTF8.self), !topic.isEmpty else {
        throw fault("no topic at the beginning, as mosquitto_sub -v writes it")
      }
      messages.append(
        PayloadMessage(topic: topic, payload: Array(line[space...].dropFirst()), arrival: arrival))
    }
    return messages
  }

  /// Spaces of a line that may end its topic.
  private static let mostSpaces = 16

  /// Where the topic of a line of `-v` ends, which does not show where a topic has spaces itself: at the first space behind a topic of the
  /// mapping and before what begins as JSON does; else at the only one behind a topic of the mapping; else at the first.
  private static func endOfTopic(_ line: ArraySlice<UInt8>, _ patterns: [TopicPattern]) -> Int {
    let spaces = Array(line.indices.lazy.filter { line[$0] == UInt8(ascii: " ") }.prefix(mostSpaces))
    let matching = spaces.filter { space in
      guard let topic = String(validating: line[..<space], as: UTF8.self) else { return false }
      return patterns.contains { $0.match(topic) != nil }
    }
    let beforeJSON = matching.first { line[($0 + 1)...].first.map("{[\"".utf8.contains) ?? false }
    return beforeJSON ?? (matching.count == 1 ? matching[0] : spaces.first ?? line.endIndex)
  }
}

/// The payload of a line is JSON and not a text.
private struct PayloadIsNoText: Error {}

/// A line of JSON whose texts may hold bytes that are no UTF-8, which `mosquitto_sub` writes as they came.
private struct RawText {
  /// As a decoder of JSON takes it.
  let json: Data
  /// Whether each byte from 128 is a character of a private range in it.
  private let isMarked: Bool

  /// The bytes from 128 are from U+10FE80 on.
  private static let base: UInt32 = 0x10_FE00

  init(_ line: ArraySlice<UInt8>) {
    isMarked = String(validating: line, as: UTF8.self) == nil
    guard isMarked else {
      json = Data(line)
      return
    }
    var text = String.UnicodeScalarView()
    for byte in line {
      text.append(byte < 0x80 ? Unicode.Scalar(byte) : Unicode.Scalar(Self.base + UInt32(byte)) ?? "\u{FFFD}")
    }
    json = Data(String(text).utf8)
  }

  /// The bytes of a text that was decoded of ``json``.
  func bytes(of text: String) -> [UInt8] {
    guard isMarked else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar -> [UInt8] in
      let isByte = (Self.base + 0x80...Self.base + 0xFF).contains(scalar.value)
      return isByte ? [UInt8(scalar.value - Self.base)] : Array(String(scalar).utf8)
    }
  }
}

/// A file whose lines are no messages.
struct PayloadFileError: ExitingError {
  let file: String
  let line: Int
  let reason: String

  var exitStatus: ExitStatus { .usage }
  var description: String { "\(file):\(line): \(reason)" }
}
