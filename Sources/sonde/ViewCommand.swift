import ArgumentParser
import Files
import Foundation
import HTTP
import Service
import Supervision
import Wording

/// `sonde view`: the live page of a run.
struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Show a run on a page while it goes on, or the last state of one that has ended.",
    discussion: """
      Prints the address of the page, and serves it until it is stopped (SIGINT or SIGTERM). It reads the files of the run's folder once a \
      second, and opens each only for as long as that takes: the run does not carry those who watch it. Several may watch one page, and \
      several processes one run.

        sonde view runs/quickstart-20260101T120000Z
        sonde run Scenarios/quickstart.yaml --view

      The page is for this machine alone unless --listen says otherwise; nobody is asked for a key, and nothing can be changed. When the \
      run ends, the page shows its verdict and links to report.html.
      """)

  @Argument(help: "The folder of the run.", completion: .directory)
  var run: String
  @Option(help: "Where it listens: an address and a port, of which 0 is any that is free.")
  var listen = "127.0.0.1:0"
  @Flag(help: "Open the page in a browser.")
  var open = false
  @Flag(
    help: ArgumentHelp(
      "End with the run: for sonde run, which holds the standard input open.", visibility: .hidden))
  var parent = false

  func run() async throws {
    let folder = RunFolder(URL(fileURLWithPath: run).standardizedFileURL.path)
    guard Folder.exists(folder.path) else {
      throw ValidationError("there is no folder \(run.quoted); give the folder of a run, such as runs/NAME")
    }
    guard ViewFolder.isRun(folder) else {
      throw ValidationError(
        "\(run.quoted) is no folder of a run: it has neither logs nor sonde.sqlite nor report.json in it")
    }
    let address = try ListenAddress(listen)
    guard case .network = address.place else {
      throw ValidationError(
        "a browser reaches no socket file; listen on an address and a port, such as 127.0.0.1:8080")
    }
    var settings = LiveServer.Settings(address, folder: folder)
    settings.endsWithRun = parent
    let (end, sink) = AsyncStream.makeStream(of: Void.self)
    let stop = StopSignal { sink.finish() }
    let opens = open
    if !address.isLoopback {
      StandardError.write("the page is open to everybody who reaches \(address), without a key and in clear")
    }
    try await LiveServer(settings).run(until: end, parent: parent ? Self.inputEnd() : nil) { address in
      let page = "http://\(address)/"
      StandardOutput.write(page)
      if opens, let trouble = Browser.open(page) { StandardError.write(trouble) }
    }
    if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
  }

  /// Finishes when nobody holds the other end of standard input any more.
  private static func inputEnd() -> AsyncStream<Void> {
    let (end, sink) = AsyncStream.makeStream(of: Void.self)
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      sink.finish()
    }
    return end
  }
}

/// What a folder must have to be a run's.
private enum ViewFolder {
  static func isRun(_ folder: RunFolder) -> Bool {
    Folder.exists(folder.logs) || FileStamp(folder.store) != nil || FileStamp(folder.report) != nil
  }
}

/// Shows a page in the browser of whoever is at this machine.
enum Browser {
  /// Opens `page`. Returns why not, in a sentence; nil where it was handed over.
  static func open(_ page: String) -> String? {
    guard let program = ExecutablePath.find("xdg-open") else {
      return
        "there is no xdg-open on this machine (Debian's package xdg-utils), so no browser was opened: \(page)"
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [page]
    // What a browser says is no result of ours.
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
      return nil
    } catch {
      return "\(program) could not be started, so no browser was opened: \(page)"
    }
  }
}
