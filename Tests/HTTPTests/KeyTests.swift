import Files
import Foundation
import HTTP
import Synchronization
import Telemetry
import TestSupport
import Testing

/// Keys, and the file that has their digests.
@Suite struct KeyTests {
  private static let now = Timestamp(milliseconds: 1_767_225_600_000)

  @Test func aKeyHas256BitsAndAMark() {
    let keys = (0..<1_000).map { _ in AccessKey().text }
    #expect(Set(keys).count == 1_000)
    for key in keys {
      #expect(key.wholeMatch(of: /sonde_[A-Za-z0-9_-]{43}/) != nil, "\(key)")
    }
    // 43 letters of six bits are two more than 256: the last letter has four bits, and all of its sixteen values come.
    #expect(Set(keys.compactMap(\.last)).count == 16)
    // Every letter comes at every other place.
    for place in 6..<48 { #expect(Set(keys.map { Array($0)[place] }).count > 60) }
  }

  @Test func aDigestIsThatOfTheText() {
    let key = AccessKey()
    #expect(key.digest.text == Digest.sha256(text: key.text))
    #expect(KeyDigest(key.digest.text) == key.digest)
    #expect(key.digest.text.hasPrefix(key.digest.firstDigits))
    for text in ["", "ab", String(key.digest.text.dropLast()), key.digest.text.uppercased() + "", key.text] {
      #expect(KeyDigest(text) == nil || text == key.digest.text)
    }
  }

  @Test func theFileHasNoKey() throws {
    var keys = AccessKeys()
    let first = try keys.create("dashboard", requestsPerSecond: 50, at: Self.now)
    let second = try keys.rotate("dashboard", .secondary)
    let text = String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)
    for key in [first, second] {
      #expect(!text.contains(key.text))
      #expect(!text.contains(key.text.dropFirst(6).prefix(12)))
      #expect(text.contains(key.digest.text))
    }
    #expect(try JSONDecoder().decode(AccessKeys.self, from: Data(text.utf8)) == keys)
  }

  @Test func clientsAreToldApart() throws {
    var keys = AccessKeys()
    _ = try keys.create("a", requestsPerSecond: nil, at: Self.now)
    let before = keys
    #expect(throws: AccessKeyError.exists("a")) { try keys.create("a", requestsPerSecond: nil, at: Self.now) }
    #expect(throws: AccessKeyError.isMissing("b", names: ["a"])) { try keys.rotate("b", .primary) }
    #expect(throws: AccessKeyError.isMissing("b", names: ["a"])) { try keys.remove("b") }
    for name in ["", "-a", "a b", "a\n", "é", String(repeating: "n", count: 65)] {
      #expect(throws: AccessKeyError.badName(name)) {
        try keys.create(name, requestsPerSecond: nil, at: Self.now)
      }
    }
    for rate in [0, -1, .nan, .infinity, 2e6] {
      #expect(throws: AccessKeyError.badRate("b")) {
        try keys.create("b", requestsPerSecond: rate, at: Self.now)
      }
    }
    #expect(keys == before)
    try keys.remove("a")
    #expect(keys == AccessKeys())
  }

  // MARK: The file

  private static func mode(_ path: String) -> UInt32? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test func theFileIsItsOwnersAlone() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/keys.json"
      func create(_ name: String) throws -> AccessKey {
        try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
          try keys.create(name, requestsPerSecond: nil, at: Self.now)
        }
      }
      _ = try create("a")
      #expect(Self.mode(path) == 0o600)
      for mode in [0o640, 0o604, 0o620, 0o601, 0o666] as [mode_t] {
        chmod(path, mode)
        let error = #expect(throws: KeyFileError.self) { try KeyFile.read(path) }
        #expect(error?.reason.contains("chmod 600") == true)
        #expect(throws: KeyFileError.self) { try create("b") }
      }
      chmod(path, 0o400)
      _ = try create("b")
      #expect(Self.mode(path) == 0o600)
      #expect(try KeyFile.read(path).clients.map(\.name) == ["a", "b"])
      // What fails leaves the file as it was, and nothing beside it.
      #expect(throws: AccessKeyError.self) { try create("a") }
      #expect(try KeyFile.read(path).clients.count == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["keys.json"])
    }
  }

  @Test func thoseWhoChangeItAtOnceFollowEachOther() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/keys.json"
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          group.addTask {
            _ = try await onThread {
              try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
                try keys.create("c\(number)", requestsPerSecond: nil, at: Self.now).text
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(Set(try KeyFile.read(path).clients.map(\.name)) == Set((0..<8).map { "c\($0)" }))
    }
  }

  @Test func aDamagedFileIsExplainedAndNotQuoted() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/keys.json"
      let key = AccessKey()
      let digest = key.digest.text
      func text(_ primary: String, _ more: String = "", name: String = "a") -> String {
        #"{"name":"\#(name)","primary":"\#(primary)","created":"2026-01-01T00:00:00Z"\#(more)}"#
      }
      let bad = [
        ("", "the file is not JSON"), ("{", "the file is not JSON"), ("[]", "not an object"),
        ("{}", "keys is missing"),
        (#"{"keys":[\#(text(key.text))]}"#, "keys[0].primary"),
        (#"{"keys":[\#(text(digest.uppercased()))]}"#, "keys[0].primary"),
        (#"{"keys":[\#(text(digest, #","secondary":"x""#))]}"#, "keys[0].secondary"),
        (#"{"keys":[\#(text(digest, #","secondary":"\#(digest)""#))]}"#, "twice"),
        (#"{"keys":[\#(text(digest)),\#(text(AccessKey().digest.text))]}"#, "there is a client “a” already"),
        (#"{"keys":[\#(text(digest, name: "a b"))]}"#, "no name of a client"),
        (#"{"keys":[\#(text(digest, #","requests_per_second":0"#))]}"#, "the rate"),
        (#"{"keys":[\#(text(digest, #","requests_per_second":"fast""#))]}"#, "keys[0].requests_per_second"),
        (String(repeating: " ", count: 2 << 20), "too long"),
      ]
      for (text, reason) in bad {
        try AtomicFile.write(text, to: path, existing: .replace)
        chmod(path, 0o600)
        let error = #expect(throws: KeyFileError.self) { try KeyFile.read(path) }
        #expect(
          error?.description.contains(reason) == true, "\(text.prefix(200)): \(error.map { "\($0)" } ?? "")")
        #expect(error?.description.contains(key.text) == false)
      }
      #expect(throws: KeyFileError.self) { try KeyFile.read(folder) }
      #expect(throws: KeyFileError.self) { try KeyFile.read("\(folder)/missing.json") }
    }
  }
}

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

/// The token bucket, told the time.
@Suite struct RateLimitTests {
  private static let start = ContinuousClock.now

  /// Whenever requests come, no span of time lets more through than its share and one burst; and who waits as it was told is let in.
  @Test(arguments: [0.01, 0.5, 1, 3.7, 100, 5_000]) func noSpanLetsMoreThrough(perSecond: Double) {
    let seed: UInt64 = 18
    var random = SeededGenerator(seed: seed, stream: "rate \(perSecond)")
    var limit = RateLimit(perSecond: perSecond)
    var now = 0.0
    // What the limit holds to be the time.
    var clock = 0.0
    var taken: [Double] = []
    for step in 0..<2_000 {
      now += Double.random(in: 0...2, using: &random) / perSecond * (step % 50 == 0 ? 20 : 0.4)
      // A clock that goes back gives nothing.
      let told = step % 7 == 0 ? now - 1 / perSecond : now
      clock = max(clock, told)
      if let wait = limit.take(at: Self.start + .seconds(told)) {
        #expect(wait >= 1)
        if step % 11 == 0 {
          now += Double(wait)
          clock = max(clock, now)
          let next = limit.take(at: Self.start + .seconds(now))
          #expect(next == nil, "seed \(seed), \(perSecond) a second, step \(step)")
          taken.append(clock)
        }
      } else {
        taken.append(clock)
      }
    }
    #expect(taken.count > 100)
    var worst = 0.0
    for first in stride(from: 0, to: taken.count, by: 13) {
      for last in first..<taken.count {
        let most = limit.burst + (taken[last] - taken[first]) * perSecond
        worst = max(worst, Double(last - first + 1) - most)
      }
    }
    #expect(worst < 1e-3, "seed \(seed), \(perSecond) a second")
  }

  /// What a limit says at each of these seconds.
  private func waits(_ perSecond: Double, at seconds: [Double]) -> [Int?] {
    var limit = RateLimit(perSecond: perSecond)
    return seconds.map { limit.take(at: Self.start + .seconds($0)) }
  }

  @Test func itHoldsAtMostOneSecondsWorth() {
    let ten = waits(5, at: Array(repeating: 0, count: 10) + Array(repeating: 3_600, count: 10))
    #expect(
      ten == Array(repeating: nil, count: 5) + Array(repeating: 1, count: 5)
        + Array(repeating: nil, count: 5) + Array(repeating: 1, count: 5))
    #expect(waits(0.1, at: [0, 0, 9.5, 10]) == [nil, 10, 1, nil])
    #expect(waits(1e-9, at: [0, 0]) == [nil, 86_400])
  }
}
