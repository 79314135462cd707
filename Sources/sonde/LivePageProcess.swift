import Files
import Foundation
import Subprocess
import Supervision
import Synchronization
import SystemPackage
import Wording

/// `sonde view` beside a run: a process in a session of its own, which neither a signal to the terminal nor the end of the run ends at once.
/// Whatever becomes of it is said, and never fails the run.
final class LivePageProcess: Sendable {
  private struct State {
    var hasBegun = false
    var input: FileDescriptor?
  }

  private let folder: String
  private let opens: Bool
  private let say: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// How long its address is waited for, which it has at once.
  private static let readyWait = 10.0

  /// - Parameters:
  ///   - folder: Of the run.
  ///   - opens: Whether the page is opened in a browser.
  ///   - say: Tells a person where the page is, or why there is none.
  init(folder: String, opens: Bool, say: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.opens = opens
    self.say = say
  }

  /// Lets it know that the run's process goes: its standard input ends.
  deinit { state.withLock { try? $0.input?.close() } }

  /// Starts it, once, when the folder is there; further calls do nothing.
  func begin() {
    let isFirst = state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
    guard isFirst else { return }
    // The run does not wait for it.
    Thread.detachNewThread { [self] in
      do {
        try start()
      } catch {
        say("there is no live page: \(error)")
      }
    }
  }

  private func start() throws {
    let input = try FileDescriptor.pipe()
    let output = try FileDescriptor.pipe()
    // Nothing that is started later may hold them open.
    for end in [input.readEnd, input.writeEnd, output.readEnd, output.writeEnd] {
      _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC)
    }
    let log = try FileDescriptor.open(
      FilePath(RunFolder(folder).log("view")), .writeOnly, options: [.create, .append, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
    state.withLock { $0.input = input.writeEnd }
    let arguments = ["view", folder, "--parent"] + (opens ? ["--open"] : [])
    Task.detached { [say] in
      do {
        var options = PlatformOptions()
        options.createSession = true
        _ = try await Subprocess.run(
          .path(FilePath(ExecutablePath.current)), arguments: Arguments(arguments), platformOptions: options,
          input: .fileDescriptor(input.readEnd, closeAfterSpawningProcess: true),
          output: .fileDescriptor(output.writeEnd, closeAfterSpawningProcess: true),
          error: .fileDescriptor(log, closeAfterSpawningProcess: true))
      } catch {
        say("there is no live page: \(error)")
      }
    }
    tell(output.readEnd)
  }

  /// Reads the address, and says it.
  private func tell(_ output: FileDescriptor) {
    defer { try? output.close() }
    var text: [UInt8] = []
    let deadline = Date().addingTimeInterval(Self.readyWait)
    while !text.contains(0x0A), text.count < 1_000 {
      var event = pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0)
      let left = Int32(max(0, deadline.timeIntervalSinceNow * 1000))
      guard poll(&event, 1, left) > 0 else {
        return say("the live page does not say where it is; see logs/view.log")
      }
      var piece = [UInt8](repeating: 0, count: 256)
      let count = read(output.rawValue, &piece, piece.count)
      guard count > 0 else { return say("there is no live page; logs/view.log says why") }
      text += piece.prefix(count)
    }
    say("live page: " + String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
  }
}
