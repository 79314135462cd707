import Files
import Foundation
import HTTP
import OneClassSVM
import RealTimeScoring
import Telemetry
import TestSupport
import Testing

/// Requests that are nearly sound: each is refused, or gets the scores of the rows that an independent reader finds in it.
///
/// `SONDE_FUZZ_ROUNDS` makes more, and `SONDE_FUZZ_SEED` repeats others.
@Suite struct RequestFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["SONDE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 3000
  private static let seed =
    environment["SONDE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 53)

  /// A request, and how its rows are read by other means than the service's own.
  private struct Asked {
    var request: HTTPRequest
    /// Nil where it should have been refused.
    var rows: [[Double]]?
    /// Whether the reader cannot tell: another data type, other forms of a table.
    var isUnknown = false
  }

  // MARK: - Damage

  /// Pieces that mean something in one of the protocols.
  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-", "e", "E+", ".", "0", "1e999", "NaN",
    "\u{0}", "é",
    "\"data\"", "\"shape\"", "\"FP32\"", "\"INT64\"", "\"BYTES\"", "\"inputs\"", "\"id\"", "[[", "]]",
    "18446744073709551616", "-1", "\\u0000", "\\ud800", " ",
  ].map { Array($0.utf8) }

  private static func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      case 2: bytes.insert(bytes[index], at: index)
      case 3: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: index)
      case 4:
        bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &generator)))
      default: bytes[index] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &generator)
      }
    }
    return bytes
  }

  private static func json(_ bytes: [UInt8]) -> JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
  }

  private static func rows(_ generator: inout SeededGenerator) -> [[Double]] {
    ServiceFixture.rows(Int.random(in: 1...4, using: &generator), seed: generator.next())
  }

  // MARK: - Open Inference

  private static func inference(_ generator: inout SeededGenerator) -> Asked {
    let rows = rows(&generator)
    let data = Bool.random(using: &generator) ? "\(rows)" : "\(rows.flatMap(\.self))"
    let text =
      "{\"id\":\"7\",\"inputs\":[{\"name\":\"x\",\"shape\":[\(rows.count),3],\"datatype\":\"FP64\",\"data\":\(data)}]}"
    let body = damaged(Array(text.utf8), &generator)
    var asked = Asked(request: HTTPRequest(.post, "/v2/models/a/infer", body: body))
    guard let tensor = tensor(json(body)) else { return asked }
    asked.isUnknown = tensor.isUnknown
    asked.rows = numbers(tensor.members["data"]).map { chunks($0, tensor.count) }
    return asked
  }

  /// The one tensor of a request, and how many rows it says that it has.
  private static func tensor(_ json: JSONValue?) -> (
    members: [String: JSONValue], count: Int, isUnknown: Bool
  )? {
    guard let inputs = json?.members?["inputs"]?.elements, let members = inputs.first?.members,
      let shape = members["shape"]?.elements, let count = shape.first?.number.flatMap({ Int(exactly: $0) })
    else { return nil }
    let isUsual = inputs.count == 1 && shape.count == 2 && members["datatype"] == .text("FP64")
    return (members, count, !isUsual)
  }

  private static func numbers(_ value: JSONValue?) -> [Double]? {
    guard let value else { return nil }
    if let number = value.number { return [number] }
    guard let elements = value.elements else { return nil }
    let parts = elements.map(numbers)
    return parts.contains(nil) ? nil : parts.flatMap { $0 ?? [] }
  }

  private static func chunks(_ numbers: [Double], _ count: Int) -> [[Double]] {
    guard count >= 0, numbers.count == count * 3 else { return [] }
    return (0..<count).map { Array(numbers[$0 * 3..<$0 * 3 + 3]) }
  }

  private static func binary(_ generator: inout SeededGenerator) -> Asked {
    let rows = rows(&generator)
    var raw: [UInt8] = []
    for value in rows.joined() { withUnsafeBytes(of: value.bitPattern.littleEndian) { raw += $0 } }
    let head =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[\(rows.count),3],\"datatype\":\"FP64\",\"parameters\":{\"binary_data_size\":\(raw.count)}}]}"
    var body = Array(head.utf8) + raw
    var length = "\(head.utf8.count)"
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: length = String(decoding: damaged(Array(length.utf8), &generator), as: UTF8.self)
    case 1: body = Array(head.utf8) + damaged(raw, &generator)
    default: body = damaged(body, &generator)
    }
    var asked = Asked(request: HTTPRequest(.post, "/v2/models/a/infer", body: body))
    asked.request.headers.add("Inference-Header-Content-Length", length)
    guard let size = Int(length), (0...body.count).contains(size),
      let tensor = tensor(json(Array(body.prefix(size))))
    else {
      // A length that is spelled otherwise.
      asked.isUnknown = Int(length) == nil
      return asked
    }
    asked.isUnknown = tensor.isUnknown || tensor.members["data"] != nil
    let rest = Array(body.dropFirst(size))
    guard tensor.members["parameters"]?.members?["binary_data_size"]?.number == Double(rest.count),
      rest.count % 8 == 0
    else { return asked }
    let numbers = stride(from: 0, to: rest.count, by: 8).map { begin in
      Double(bitPattern: (0..<8).reduce(UInt64(0)) { $0 | UInt64(rest[begin + $1]) << (8 * UInt64($1)) })
    }
    asked.rows = chunks(numbers, tensor.count)
    return asked
  }

  // MARK: - Azure

  private static func azure(_ generator: inout SeededGenerator) -> Asked {
    let rows = rows(&generator)
    let isNamed = Bool.random(using: &generator)
    let list = rows.map { row in
      isNamed
        ? "{" + zip(ServiceFixture.features, row).map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
        : "\(row)"
    }
    let body = damaged(Array("{\"data\":[\(list.joined(separator: ","))]}".utf8), &generator)
    var asked = Asked(request: HTTPRequest(.post, "/score", body: body))
    guard let table = json(body)?.members, let elements = table["data"]?.elements else { return asked }
    asked.isUnknown = table.count != 1
    let read = elements.map { element -> [Double]? in
      guard let members = element.members else { return numbers(element) }
      if members.count != 3 { asked.isUnknown = true }
      let values = ServiceFixture.features.map { members[$0]?.number }
      return values.contains(nil) ? nil : values.compactMap(\.self)
    }
    asked.rows = read.contains(nil) ? nil : read.compactMap(\.self)
    return asked
  }

  // MARK: - All together

  @Test(.timeLimit(.minutes(60)))
  func nothingIsScoredWrong() async throws {
    try await withTemporaryFolder { folder in
      let model = try ServiceFixture.writeModel("a", in: folder, seed: 1)
      let fixture = try ServiceFixture(.models(in: folder), folder: folder)
      var generator = SeededGenerator(seed: Self.seed, stream: "requests")
      let kinds = [Self.inference, Self.binary, Self.azure]
      var (scored, refused, unknown) = (0, 0, 0)
      for round in 0..<Self.rounds {
        let asked = kinds[round % kinds.count](&generator)
        let answer = await fixture.ask(asked.request)
        func what() -> String {
          "seed \(Self.seed), round \(round): \(String(decoding: asked.request.body, as: UTF8.self)) gave \(answer.status) \(answer.text)"
        }
        guard answer.status == .ok else {
          #expect(answer.status == .badRequest, "\(what())")
          refused += 1
          continue
        }
        guard !asked.isUnknown else {
          unknown += 1
          continue
        }
        guard let rows = asked.rows, rows.allSatisfy({ $0.count == 3 }) else {
          Issue.record("\(what()), but has no rows")
          continue
        }
        let wanted = rows.isEmpty ? [] : try model.decisionValues(of: FeatureMatrix(rows: rows))
        let scores = asked.request.path == "/score" ? answer.listedScores : answer.scores
        #expect(scores?.map(\.bitPattern) == wanted.map(\.bitPattern), "\(what())")
        scored += 1
      }
      // Of each a good part, so that the judge has seen all of them.
      #expect(scored > Self.rounds / 5 && refused > Self.rounds / 5 && unknown < Self.rounds / 10)
      if Self.environment["SONDE_FUZZ_ROUNDS"] != nil {
        print("requests: seed \(Self.seed), \(scored) scored, \(refused) refused, \(unknown) not judged")
      }
    }
  }
}

extension JSONValue {
  fileprivate var number: Double? { if case .number(let number) = self { number } else { nil } }
  fileprivate var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  fileprivate var members: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }
}
