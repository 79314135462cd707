import Files
import Foundation
import HTTP
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

  /// As a secret of Kubernetes is mounted for a program without a root: root's, with a group that may read it.
  @Test func aFileOfRootsMayBeReadByAGroupAndByNobodyElse() {
    for mode in [0o400, 0o440, 0o600, 0o640] as [mode_t] {
      #expect(!KeyFile.isOpenToOthers(mode: mode, owner: 0, reader: 65_532))
    }
    for mode in [0o444, 0o660, 0o641, 0o450, 0o604, 0o644] as [mode_t] {
      #expect(KeyFile.isOpenToOthers(mode: mode, owner: 0, reader: 65_532))
    }
    // A file of one's own, or of anybody else, and root's for root itself.
    for (owner, reader) in [(65_532, 65_532), (1000, 65_532), (0, 0), (1000, 0)] as [(uid_t, uid_t)] {
      #expect(KeyFile.isOpenToOthers(mode: 0o440, owner: owner, reader: reader))
      #expect(!KeyFile.isOpenToOthers(mode: 0o400, owner: owner, reader: reader))
    }
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
