import ArgumentParser
import Foundation
import HTTP
import Telemetry
import Wording

/// `sonde keys`: the file of keys by which a service knows its clients.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Makes, renews, lists and removes the keys of clients of a service.",
    discussion: """
      A key is 256 random bits. It is shown once, where it is made; the file has its SHA-256 alone, and only its owner may read \
      it. A service that runs sees a change of the file within a second, and is not started again.

        sonde keys create keys.json --name dashboard --rate 50
        sonde serve --endpoint endpoint.yaml --keys keys.json
        curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/v2/models

      Each client has a primary key and, if it wants, a secondary one; either is good. So a key is renewed without a gap:

        sonde keys rotate keys.json --name dashboard --secondary    make a second key
        (give it to the client, and wait until the client uses it)
        sonde keys rotate keys.json --name dashboard                the first key is good no longer
      """,
    subcommands: [Create.self, Rotate.self, List.self, Remove.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Adds a client, and prints its key.",
      discussion: """
        Standard output has the key and nothing else, so that KEY=$(sonde keys create …) takes it. It cannot be shown again. \
        The file is made where there is none.
        """)

    @OptionGroup var file: KeyFileArgument
    @OptionGroup var client: ClientOption

    @Option(
      help: ArgumentHelp(
        "The most requests a second, over both keys; as many as one second has may come at once. Without it there is no such limit.",
        valueName: "requests"))
    var rate: Double?

    func run() throws {
      let now = ScoringCommandSupport.now()
      let key = try KeyFile.update(file.path, creating: true) { keys throws(AccessKeyError) in
        try keys.create(client.name, requestsPerSecond: rate, at: now)
      }
      KeysCommand.show(key, of: client.name)
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate",
      abstract: "Gives a client a new key in place of one of its two, and prints it.",
      discussion:
        "The client's other key stays good, and the one that is replaced is good no longer, from the next second on."
    )

    @OptionGroup var file: KeyFileArgument
    @OptionGroup var client: ClientOption

    @Flag(help: "Renews the secondary key, or makes one, in place of the primary one.")
    var secondary = false

    func run() throws {
      let key = try KeyFile.update(file.path) { keys throws(AccessKeyError) in
        try keys.rotate(client.name, secondary ? .secondary : .primary)
      }
      KeysCommand.show(key, of: client.name)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists the clients, and the first digits of their keys' digests.",
      discussion: "The logs of a service name keys by the same digits.")

    @OptionGroup var file: KeyFileArgument

    @Option(help: "text or json.")
    var format = OutputFormat.text

    /// A client, as JSON has it: no digest is whole.
    private struct Line: Encodable {
      var name: String
      var primary: String
      var secondary: String?
      var created: Timestamp
      var requestsPerSecond: Double?
    }

    func run() throws {
      let lines = try KeyFile.read(file.path).clients.map { client in
        Line(
          name: client.name, primary: client.primary.firstDigits, secondary: client.secondary?.firstDigits,
          created: client.created, requestsPerSecond: client.requestsPerSecond)
      }
      switch format {
      case .json: try StandardOutput.writeJSON(lines, indented: true)
      case .text:
        printTable(
          ["CLIENT", "PRIMARY", "SECONDARY", "RATE", "CREATED"],
          lines.map { line in
            [
              line.name, line.primary, line.secondary ?? "-",
              line.requestsPerSecond.map { "\($0.formatted())/s" } ?? "-", "\(line.created)",
            ]
          })
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Removes a client: both its keys are good no longer.")

    @OptionGroup var file: KeyFileArgument
    @OptionGroup var client: ClientOption

    func run() throws {
      try KeyFile.update(file.path) { keys throws(AccessKeyError) in try keys.remove(client.name) }
      StandardError.write("sonde: \(client.name) is removed")
    }
  }

  /// The one time that a key is seen.
  private static func show(_ key: AccessKey, of client: String) {
    StandardError.write("sonde: the key of \(client); keep it now, it is shown this once")
    StandardOutput.write(key.text)
  }
}

/// The file that all subcommands are about.
struct KeyFileArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The file of keys.", valueName: "file"), completion: .file(extensions: ["json"]))
  var path: String
}

/// The client that a subcommand is about.
struct ClientOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The client: a program or a person that is told apart in logs.", valueName: "client"))
  var name: String
}
