import Files
import Foundation
import HTTP
import Telemetry
import TestSupport
import Testing

/// Keys and files of keys that are nearly right: what is not the key opens nothing, and what is no file of keys is refused.
///
/// `SONDE_FUZZ_ROUNDS` makes more, and `SONDE_FUZZ_SEED` repeats others.
@Suite struct KeyFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["SONDE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2000
  private static let seed =
    environment["SONDE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 53)

  private static func damaged(_ text: String, _ generator: inout SeededGenerator) -> String {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      case 2: bytes.insert(bytes[index], at: index)
      default: bytes[index] ^= 0x20
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(60)))
  func onlyTheKeyOpens() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/keys.json"
      let key = try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
        try keys.create("client", requestsPerSecond: nil, at: Timestamp(milliseconds: 0)).text
      }
      let ring = try KeyRing(path)
      var generator = SeededGenerator(seed: Self.seed, stream: "keys")
      var (opened, refused) = (0, 0)
      for round in 0..<Self.rounds {
        let header = Self.damaged("Bearer \(key)", &generator)
        // A scheme in any case, blanks, and the key, to the letter.
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        let isRight =
          parts.count == 2 && parts[0].lowercased() == "bearer" && parts[1] == key && header.hasSuffix(key)
          && !header.hasPrefix(" ")
        if case .accepted = ring.check(authorization: header) {
          #expect(isRight, "seed \(Self.seed), round \(round): “\(header)” was taken for “Bearer \(key)”")
          opened += 1
        } else {
          #expect(!isRight, "seed \(Self.seed), round \(round): “\(header)” was refused")
          refused += 1
        }
      }
      #expect(opened > Self.rounds / 10 && refused > Self.rounds / 10, "seed \(Self.seed)")
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func aFileOfKeysIsReadOrRefused() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/keys.json"
      for name in ["one", "two"] {
        _ = try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
          try keys.create(name, requestsPerSecond: 2.5, at: Timestamp(milliseconds: 0)).text
        }
      }
      let text = try TextFile.text(of: path)
      var generator = SeededGenerator(seed: Self.seed, stream: "keys")
      var (read, refused) = (0, 0)
      // Of each round a file is written, which costs more than its reading.
      for _ in 0..<min(Self.rounds, 20_000) {
        // In place, so that it stays its owner's alone.
        try Data(Self.damaged(text, &generator).utf8).write(to: URL(filePath: path))
        do {
          let ring = try KeyRing(path)
          #expect(ring.check(authorization: "Bearer none") == .wrong)
          read += 1
        } catch { refused += 1 }
      }
      #expect(read > 0 && refused > 0, "seed \(Self.seed)")
    }
  }
}
