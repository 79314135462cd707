import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `sonde keys`, as its user sees it.
@Suite struct KeysTests {
  private struct Client: Decodable {
    let name: String
    let primary: String
    let secondary: String?
    let requestsPerSecond: Double?
  }

  private func clients(_ file: String) async throws -> [Client] {
    let listed = try await SondeProgram.run(["keys", "list", file, "--format", "json"])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([Client].self, from: Data(listed.output.utf8))
  }

  @Test func aKeyIsShownOnceAndTheOtherOneStays() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/keys.json"
      let created = try await SondeProgram.run([
        "keys", "create", file, "--name", "dashboard", "--rate", "50",
      ])
      #expect(created.status == 0, "\(created.errors)")
      let key = created.output.trimmingCharacters(in: .newlines)
      #expect(key.hasPrefix("sonde_"))
      #expect(created.output == key + "\n", "nothing but the key is a result")
      #expect(!created.errors.contains(key))

      let second = try await SondeProgram.run(["keys", "rotate", file, "--name", "dashboard", "--secondary"])
      #expect(second.status == 0, "\(second.errors)")
      let both = try await clients(file)
      #expect(both.count == 1)
      #expect(both[0].secondary != nil)
      #expect(both[0].requestsPerSecond == 50)
      _ = try await SondeProgram.run(["keys", "rotate", file, "--name", "dashboard"])
      let renewed = try await clients(file)
      #expect(renewed[0].primary != both[0].primary)
      #expect(renewed[0].secondary == both[0].secondary)

      // Neither the file nor the table has a key.
      let table = try await SondeProgram.run(["keys", "list", file]).output
      let text = try String(contentsOfFile: file, encoding: .utf8)
      for shown in [key, second.output.trimmingCharacters(in: .newlines)] {
        #expect(!table.contains(shown))
        #expect(!text.contains(shown))
      }
      #expect(table.contains("dashboard"))
      #expect(try await SondeProgram.run(["keys", "remove", file, "--name", "dashboard"]).status == 0)
      #expect(try await clients(file).isEmpty)
    }
  }

  @Test func whatCannotBeDoneIsSaid() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/keys.json"
      _ = try await SondeProgram.run(["keys", "create", file, "--name", "a"])
      for (arguments, reason) in [
        (["create", file, "--name", "a"], "there is a client “a” already"),
        (["create", file, "--name", "b", "--rate", "0"], "the rate of “b”"),
        (["create", "\(folder)/none/keys.json", "--name", "a"], "No such file or directory"),
        (["rotate", file, "--name", "b"], "there is no client “b”; there are a"),
        (["list", "\(folder)/missing.json"], "No such file or directory"),
      ] {
        let outcome = try await SondeProgram.run(["keys"] + arguments)
        #expect(outcome.status == 64, "\(arguments)")
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
      }
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
      let open = try await SondeProgram.run(["keys", "list", file])
      #expect(open.status == 64)
      #expect(open.errors.contains("chmod 600"))
    }
  }

  /// Who runs this is root, and may become somebody else who can start the program.
  private static let canBeSomebodyElse =
    geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

  /// As Kubernetes mounts a secret for a program that is not root's: the file is, and a group of the program's may read it.
  @Test(.enabled(if: canBeSomebodyElse, "only root can give files away, with setpriv"))
  func aSecretThatIsMountedIsRead() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/keys.json"
      _ = try await SondeProgram.run(["keys", "create", file, "--name", "a"])
      func asSomebodyElse(owner: uid_t, mode: mode_t) async throws -> String {
        chown(file, owner, 65_532)
        chmod(file, mode)
        let result = try await Subprocess.run(
          .path("/usr/bin/setpriv"),
          arguments: [
            "--reuid", "65532", "--regid", "65532", "--clear-groups", SondeProgram.path, "keys", "list", file,
          ], output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        return result.standardOutput + result.standardError
      }
      // Where the program itself is out of reach, nothing can be said.
      guard try await asSomebodyElse(owner: 65_532, mode: 0o400).contains("CLIENT") else { return }
      #expect(try await asSomebodyElse(owner: 0, mode: 0o440).contains("CLIENT"))
      for (owner, mode) in [(0, 0o444), (0, 0o460), (65_532, 0o440), (1, 0o440)] as [(uid_t, mode_t)] {
        #expect(try await asSomebodyElse(owner: owner, mode: mode).contains("chmod 600"), "\(owner) \(mode)")
      }
    }
  }
}
