import CLinux
import Files
import Foundation
import Glibc
import Supervision
import Wording

/// The process of a scoring script: requests in, replies out, and what it prints into the log, so much and no more of each task. Its
/// process group is ended with it. Used from one thread, which lives as long as this process: the kernel kills the script when that
/// thread ends.
final class ScriptProcess {
  private let id: pid_t
  /// -1 where the kernel has none.
  private let descriptor: Int32
  private let requests: Int32
  private let replies: Int32
  private let printed: Int32
  private var unread: [UInt8] = []
  private var isReplying = true
  private var isLogOpen = true
  private var logged = 0
  private var status: Int32?
  private let log: ([UInt8]) -> Void

  /// Starts `command` in `folder`. Throws ``ScriptFault`` where it cannot be started.
  ///
  /// - Parameters:
  ///   - environment: In addition to this process's own.
  ///   - memoryBytes: The most that its data may take; nil for any.
  ///   - log: Takes what it prints, as bytes.
  init(
    _ command: [String], in folder: String, environment: [String: String], memoryBytes: Int?,
    log: @escaping ([UInt8]) -> Void
  ) throws(ScriptFault) {
    self.log = log
    var words = command
    if let memoryBytes {
      guard let prlimit = ExecutablePath.find("prlimit") else {
        throw ScriptFault(
          "cannot be given a limit of memory: there is no prlimit; it is in the package util-linux")
      }
      words = [prlimit, "--data=\(memoryBytes)", "--"] + words
    }
    // A spawned process cannot be given a folder in a way that Swift's Glibc module knows.
    if let env = ExecutablePath.find("env") { words = [env, "--chdir", folder] + words }
    words = TiedCommand.words(words, signal: "KILL")
    let (input, output, error) = try (Self.pipe(), Self.pipe(), Self.pipe())
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.read, 0)
    posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, error.write, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that what it has started ends with it; and signals as a new program expects them.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var child = pid_t()
    let failure = Self.withCStrings(words) { arguments in
      Self.withCStrings(variables.map { "\($0)=\($1)" }) { variables in
        posix_spawn(&child, words[0], &actions, &attributes, arguments, variables)
      }
    }
    for descriptor in [input.read, output.write, error.write] { close(descriptor) }
    guard failure == 0 else {
      for descriptor in [input.write, output.read, error.read] { close(descriptor) }
      throw ScriptFault("cannot be started: \(command[0]): \(String(cString: strerror(failure)))")
    }
    id = child
    descriptor = linux_process_open(child)
    (requests, replies, printed) = (input.write, output.read, error.read)
    for own in [requests, replies, printed] { _ = fcntl(own, F_SETFL, O_NONBLOCK) }
  }

  deinit { end() }

  /// Tells it to exit, waits a little, and kills what is left of its group.
  private func end() {
    close(requests)
    let deadline = ContinuousClock.now + ScriptDefaults.exitGrace
    while status == nil, ContinuousClock.now < deadline { _ = waitForSomething(until: deadline) }
    Glibc.kill(-id, SIGKILL)
    if status == nil {
      var code: Int32 = 0
      waitpid(id, &code, 0)
    }
    for open in [replies, printed, descriptor] where open >= 0 { close(open) }
  }

  /// Ends it with its group, whatever it is at.
  func kill() {
    Glibc.kill(-id, SIGKILL)
    while status == nil { _ = waitForSomething(until: .now + ScriptDefaults.exitGrace) }
  }

  /// A task begins: as much as ever of what it prints goes into the log.
  func beginLog() { logged = 0 }

  /// Sends a request. That nobody reads it shows in the reply.
  func send(_ bytes: [UInt8], within limit: Duration) {
    var rest = bytes[...]
    let deadline = ContinuousClock.now + limit
    while !rest.isEmpty, status == nil, ContinuousClock.now < deadline {
      let count = rest.withUnsafeBytes { write(requests, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        guard errno == EAGAIN else { return }
        _ = waitForSomething(until: min(deadline, .now + ScriptDefaults.endCheckInterval))
      }
    }
  }

  /// Its next reply. Throws ``ScriptFault`` where it ends, takes longer than `limit`, or says something else; it is of no more use then.
  ///
  /// - Parameter doing: What takes so long, for the message.
  func reply(within limit: Duration, doing: String) throws(ScriptFault) -> ScriptReply {
    let deadline = ContinuousClock.now + limit
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        let line = unread[..<end]
        unread.removeSubrange(...end)
        return try ScriptReply(line: Array(line))
      }
      guard unread.count <= ScriptDefaults.replyBytes else {
        throw ScriptFault(
          "wrote more than \(ScriptDefaults.replyBytes) bytes to its standard output, which is for replies")
      }
      guard ContinuousClock.now < deadline else {
        throw ScriptFault("\(doing) took longer than \(Self.text(limit))")
      }
      let hasMore = waitForSomething(until: deadline)
      if !hasMore, let status { throw ScriptFault(Self.text(ofEnd: status)) }
      if !isReplying, unread.isEmpty, status == nil {
        // It may be about to end, which says more.
        _ = waitForSomething(until: .now + ScriptDefaults.endCheckInterval)
        guard status == nil else { continue }
        throw ScriptFault("closed its standard output")
      }
    }
  }

  /// Waits until something comes or the process ends, and takes what has come. False where nothing has.
  private func waitForSomething(until deadline: ContinuousClock.Instant) -> Bool {
    var descriptors = [
      pollfd(fd: isReplying ? replies : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isLogOpen ? printed : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: status == nil ? descriptor : -1, events: Int16(POLLIN), revents: 0),
    ]
    var wait = min(deadline - .now, .seconds(1))
    if descriptor < 0 { wait = min(wait, ScriptDefaults.endCheckInterval) }
    if status != nil { wait = .zero }
    // A part of a millisecond counts as one.
    let milliseconds = Int32(max(0, wait / .milliseconds(1)).rounded(.up))
    _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    if status == nil {
      var code: Int32 = 0
      if waitpid(id, &code, WNOHANG) == id { status = code }
    }
    let hasReplied = isReplying ? take(from: replies) { unread += $0 } : false
    if hasReplied == nil { isReplying = false }
    let hasPrinted = isLogOpen ? take(from: printed) { logPiece($0) } : false
    if hasPrinted == nil { isLogOpen = false }
    return hasReplied ?? false || hasPrinted ?? false
  }

  /// Reads what is there, at most a few pieces; nil at the end of the stream.
  private func take(from descriptor: Int32, _ body: ([UInt8]) -> Void) -> Bool? {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &piece, piece.count)
    if count == 0 { return nil }
    guard count > 0 else { return false }
    body(Array(piece[..<count]))
    return true
  }

  private func logPiece(_ piece: [UInt8]) {
    let room = ScriptDefaults.logBytesPerTask - logged
    logged += piece.count
    guard room > 0 else { return }
    log(Array(piece.prefix(room)))
    if piece.count > room {
      log(
        Array(
          "\n… the script prints more than \(ScriptDefaults.logBytesPerTask) bytes in one task; the rest is left out\n"
            .utf8))
    }
  }

  private static func text(ofEnd status: Int32) -> String {
    let signal = status & 0x7F
    guard signal != 0 else { return "exited with code \((status >> 8) & 0xFF)" }
    return "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
  }

  private static func text(_ limit: Duration) -> String {
    let seconds = limit / .seconds(1)
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }

  /// A pipe whose ends no other program gets, and whose end in this process does not block.
  private static func pipe() throws(ScriptFault) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else {
      throw ScriptFault("cannot be started: no pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
