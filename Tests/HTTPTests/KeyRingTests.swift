import Files
import Foundation
import HTTP
import Synchronization
import Telemetry
import TestSupport
import Testing

/// What a running service says of a key.
@Suite struct KeyRingTests {
  /// A file of keys in a folder, and what its ring tells.
  private struct Ring {
    let path: String
    let told = Told()
    let start = ContinuousClock.now

    final class Told: Sendable {
      let lines = Mutex<[String]>([])
    }

    init(_ folder: String) { path = "\(folder)/keys.json" }

    func change<Value>(_ body: (inout AccessKeys) throws(AccessKeyError) -> Value) throws -> Value {
      try KeyFile.update(path, creating: true, body)
    }

    func create(_ name: String, rate: Double? = nil) throws -> String {
      try change { keys throws(AccessKeyError) in
        try keys.create(name, requestsPerSecond: rate, at: Timestamp(milliseconds: 0)).text
      }
    }

    func open() throws -> KeyRing {
      try KeyRing(path, now: start) { [told] line in told.lines.withLock { $0.append(line) } }
    }

    var lines: [String] { told.lines.withLock { $0 } }
  }

  private static func name(_ verdict: KeyVerdict) -> String {
    if case .accepted(let client, _) = verdict { client } else { "\(verdict)" }
  }

  @Test func everyKeyOfEveryClientIsGoodAndNothingElse() async throws {
    try await withTemporaryFolder { folder in
      let file = Ring(folder)
      var keys: [(String, String)] = []
      for number in 0..<20 {
        let name = "client-\(number)"
        keys.append((name, try file.create(name)))
        if number % 2 == 0 {
          keys.append(
            (name, try file.change { all throws(AccessKeyError) in try all.rotate(name, .secondary).text }))
        }
      }
      let ring = try file.open()
      for (name, key) in keys {
        let verdict = ring.check(authorization: "Bearer \(key)")
        #expect(verdict == .accepted(client: name, digest: String(Digest.sha256(text: key).prefix(8))))
        for scheme in ["bearer", "BEARER", "Bearer "] {
          #expect(Self.name(ring.check(authorization: "\(scheme) \(key)")) == name)
        }
        var wrong = Array(key.utf8)
        for index in wrong.indices {
          wrong[index] ^= 1
          #expect(ring.check(authorization: "Bearer " + String(decoding: wrong, as: UTF8.self)) == .wrong)
          wrong[index] ^= 1
        }
        for wrong in [key.dropLast() + "", key + "A", key + " ", key.uppercased(), Digest.sha256(text: key)] {
          #expect(ring.check(authorization: "Bearer \(wrong)") == .wrong)
        }
        for missing in [
          nil, "", key, "Bearer", "Bearer ", "Bearer   ", "Basic \(key)", "Bearer\t\(key)", "Bearer\(key)",
        ] {
          #expect(ring.check(authorization: missing) == .missing)
        }
      }
    }
  }

  @Test func keysAreRenewedWhileItRuns() async throws {
    try await withTemporaryFolder { folder in
      let file = Ring(folder)
      let old = try file.create("a")
      let ring = try file.open()
      func says(_ key: String, after seconds: Double) -> String {
        Self.name(ring.check(authorization: "Bearer \(key)", now: file.start + .seconds(seconds)))
      }
      #expect(says(old, after: 0.1) == "a")
      let second = try file.change { all throws(AccessKeyError) in try all.rotate("a", .secondary).text }
      #expect(says(second, after: 0.9) == "wrong", "the file is looked at once a second")
      #expect(says(second, after: 1.1) == "a")
      #expect(says(old, after: 1.2) == "a")
      let new = try file.change { all throws(AccessKeyError) in try all.rotate("a", .primary).text }
      #expect(says(new, after: 2.5) == "a")
      #expect(says(old, after: 2.6) == "wrong")
      #expect(says(second, after: 2.7) == "a")
      try file.change { all throws(AccessKeyError) in try all.remove("a") }
      #expect(says(new, after: 4) == "wrong")
      #expect(file.lines.count == 3)
      for line in file.lines { for key in [old, second, new] { #expect(!line.contains(key)) } }
    }
  }

  @Test func aBrokenFileKeepsTheKeysAndIsToldOfOnce() async throws {
    try await withTemporaryFolder { folder in
      let file = Ring(folder)
      let key = try file.create("a")
      let ring = try file.open()
      func says(after seconds: Double) -> String {
        Self.name(ring.check(authorization: "Bearer \(key)", now: file.start + .seconds(seconds)))
      }
      let sound = try TextFile.text(of: file.path)
      try AtomicFile.write(sound.dropLast(10) + "", to: file.path, existing: .replace)
      chmod(file.path, 0o600)
      for second in 1...5 { #expect(says(after: Double(second) * 2) == "a") }
      #expect(file.lines.count == 1)
      #expect(file.lines.first?.contains("stay as they were") == true)
      try FileManager.default.removeItem(atPath: file.path)
      #expect(says(after: 20) == "a")
      #expect(file.lines.count == 2)
      try AtomicFile.write(sound, to: file.path)
      // Others may read it, and so it does not count.
      #expect(says(after: 30) == "a")
      #expect(file.lines.count == 3)
      #expect(file.lines.last?.contains("chmod 600") == true)
      try FileManager.default.removeItem(atPath: file.path)
      let other = try file.create("b")
      #expect(Self.name(ring.check(authorization: "Bearer \(other)", now: file.start + .seconds(40))) == "b")
      #expect(says(after: 41) == "wrong")
    }
  }

  @Test func eachClientHasItsOwnRateOverBothKeys() async throws {
    try await withTemporaryFolder { folder in
      let file = Ring(folder)
      let primary = try file.create("slow", rate: 2)
      let secondary = try file.change { all throws(AccessKeyError) in try all.rotate("slow", .secondary).text
      }
      let free = try file.create("free")
      let ring = try file.open()
      func check(_ key: String, _ seconds: Double) -> KeyVerdict {
        ring.check(authorization: "Bearer \(key)", now: file.start + .seconds(seconds))
      }
      let digest = String(Digest.sha256(text: secondary).prefix(8))
      #expect(Self.name(check(primary, 0)) == "slow")
      #expect(Self.name(check(secondary, 0)) == "slow")
      #expect(check(secondary, 0) == .tooFast(client: "slow", digest: digest, retryAfter: 1))
      for _ in 0..<100 { #expect(Self.name(check(free, 0)) == "free") }
      // Reading the file again gives nothing back.
      _ = try file.create("new")
      #expect(Self.name(check(primary, 1.2)) == "slow")
      #expect(Self.name(check(primary, 1.2)) == "slow")
      #expect(check(secondary, 1.3) == .tooFast(client: "slow", digest: digest, retryAfter: 1))
      #expect(file.lines.count == 1)
    }
  }
}
