import Foundation
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
}
