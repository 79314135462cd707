import CLinux
import Files
import Foundation
import Glibc
import Supervision
import Wording

/// The process of a scoring script: requests in, replies out, and what it prints into the log, so much and no more of each task.
///
/// It is in a process group of its own, which ends with it, whatever it has started; and which ends with this process, however that ends.
/// Used from one thread, which lives as long as this process: the kernel kills the script when that thread ends.
final class ScriptProcess {
  private let id: pid_t
  /// The leader of its group: a shell that waits for the end of this process, and ends the group then.
  private let group: pid_t
  /// What the leader waits on.
  private let lifeline: Int32
  /// -1 where the kernel has none.
  private let descriptor: Int32
  private let requests: Int32
  private let replies: Int32
  private let printed: Int32
  private let memoryBytes: Int?
  private let replyBytes: Int
  private var unread: [UInt8] = []
  private var isReplying = true
  private var log: ScriptLog
  private var status: Int32?

  /// Starts `command` in `folder`. Throws ``ScriptFault`` where it cannot be started.
  ///
  /// - Parameters:
  ///   - environment: In addition to this process's own.
  ///   - memoryBytes: The most that its data may take; nil for any.
  ///   - replyBytes: How long a reply may be.
  ///   - log: Takes what it prints, as bytes.
  init(
    _ command: [String], in folder: String, environment: [String: String], memoryBytes: Int?,
    replyBytes: Int = ScriptDefaults.replyBytes, log: @escaping ([UInt8]) -> Void
  ) throws(ScriptFault) {
    self.log = ScriptLog(log)
    self.memoryBytes = memoryBytes
    self.replyBytes = replyBytes
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
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    let (life, input, output, errors) = try (Self.pipe(), Self.pipe(), Self.pipe(), Self.pipe())
    defer { for end in [nothing, life.read, input.read, output.write, errors.write] { close(end) } }
    let own = [life.write, input.write, output.read, errors.read]
    let leader: pid_t
    let child: pid_t
    do {
      // Reads until this process has gone, and with it the other end of the pipe.
      leader = try Self.spawn(
        ["/bin/sh", "-c", "read -r line; kill -s KILL 0"], streams: [life.read, nothing, nothing], group: 0,
        variables: [:])
    } catch {
      for end in own { close(end) }
      throw error
    }
    do {
      child = try Self.spawn(
        words, streams: [input.read, output.write, errors.write], group: leader,
        variables: ProcessInfo.processInfo.environment.merging(environment) { $1 })
    } catch {
      Glibc.kill(leader, SIGKILL)
      waitpid(leader, nil, 0)
      for end in own { close(end) }
      throw error
    }
    (id, group) = (child, leader)
    descriptor = linux_process_open(id)
    (lifeline, requests, replies, printed) = (life.write, input.write, output.read, errors.read)
    for own in [requests, replies, printed] { _ = fcntl(own, F_SETFL, O_NONBLOCK) }
  }

  deinit { end() }

  /// Tells it to exit, waits a little, and kills what is left of its group.
  private func end() {
    close(requests)
    let deadline = ContinuousClock.now + ScriptDefaults.exitGrace
    while status == nil, ContinuousClock.now < deadline { waitForSomething(until: deadline) }
    kill()
    for open in [lifeline, replies, printed, descriptor] where open >= 0 { close(open) }
  }

  /// Ends it with its group, whatever it is at.
  func kill() {
    if status == nil {
      // It may have left the group.
      Glibc.kill(id, SIGKILL)
      var code: Int32 = 0
      waitpid(id, &code, 0)
      status = code
    }
    endGroup()
  }

  private var hasGroup = true

  /// Ends what it has started and left behind.
  private func endGroup() {
    guard hasGroup else { return }
    hasGroup = false
    Glibc.kill(-group, SIGKILL)
    waitpid(group, nil, 0)
  }

  /// Whether it has not ended by itself.
  var isAlive: Bool {
    lookForEnd()
    return status == nil
  }

  /// A task begins: as much as ever of what it prints goes into the log.
  func beginLog() { log.begin() }

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
        waitForSomething(until: deadline, orRoom: true)
      }
    }
  }

  /// Its next reply. Throws ``ScriptFault`` where it ends, takes longer than `limit`, or says something else; it is of no more use then.
  ///
  /// - Parameter doing: What takes so long, for the message: `in run()`.
  func reply(within limit: Duration, doing: String) throws(ScriptFault) -> ScriptReply {
    defer { log.end() }
    let deadline = ContinuousClock.now + limit
    var closed: ContinuousClock.Instant?
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        let line = Array(unread[..<end])
        unread.removeSubrange(...end)
        // What it has printed before.
        takeLog()
        return try ScriptReply(line: line)
      }
      guard unread.count <= replyBytes else {
        throw ScriptFault(
          "wrote more than \(replyBytes) bytes to its standard output, which is for replies")
      }
      if let status { throw ScriptFault(text(ofEnd: status)) }
      if !isReplying {
        // It may be about to end, which says more.
        let since = closed ?? .now
        closed = since
        guard ContinuousClock.now < since + ScriptDefaults.exitGrace else {
          throw ScriptFault("closed its standard output, which is for replies")
        }
      }
      guard ContinuousClock.now < deadline else {
        throw ScriptFault("took longer than \(Self.text(limit)) \(doing)", isLate: true)
      }
      waitForSomething(until: deadline)
    }
  }

  /// Waits for its end, and returns its exit code and the last line of what it said on standard output. Throws ``ScriptFault`` where it was
  /// killed, or is to be stopped.
  func finish(isStopped: () -> Bool) throws(ScriptFault) -> (code: Int32, said: String?) {
    defer { log.end() }
    while status == nil {
      guard !isStopped() else { throw ScriptFault("was stopped") }
      waitForSomething(until: .now + ScriptDefaults.stopCheckInterval)
      unread = unread.suffix(ScriptDefaults.tailBytes)
    }
    guard let status, status & 0x7F == 0 else { throw ScriptFault(text(ofEnd: status ?? 0)) }
    let line = String(decoding: unread, as: UTF8.self).split(whereSeparator: \.isNewline).last
    return ((status >> 8) & 0xFF, line.map(ScriptReply.oneLine))
  }

  /// The last line that it has printed; nil where there is none.
  var lastPrinted: String? { log.lastLine }

  /// Waits until something comes or the process ends, and takes what has come.
  ///
  /// - Parameter orRoom: Whether to wait no longer than until there is room for more of a request: a pipe holds 64 KiB.
  private func waitForSomething(until deadline: ContinuousClock.Instant, orRoom: Bool = false) {
    var descriptors = [
      pollfd(fd: orRoom ? requests : -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: isReplying ? replies : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: log.isOpen ? printed : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: status == nil ? descriptor : -1, events: Int16(POLLIN), revents: 0),
    ]
    var wait = min(deadline - .now, .seconds(1))
    if descriptor < 0 || !isReplying { wait = min(wait, ScriptDefaults.endCheckInterval) }
    // A part of a millisecond counts as one.
    let milliseconds = Int32(max(0, wait / .milliseconds(1)).rounded(.up))
    _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    lookForEnd()
    takeReplies()
    if status != nil { takeLog() } else { takeLogPiece() }
  }

  private func lookForEnd() {
    var code: Int32 = 0
    guard status == nil, waitpid(id, &code, WNOHANG) == id else { return }
    status = code
    endGroup()
  }

  /// Takes what it has said, no more than a reply is long.
  private func takeReplies() {
    while isReplying, unread.count <= replyBytes {
      guard let piece = Self.piece(from: replies) else {
        isReplying = false
        return
      }
      guard !piece.isEmpty else { return }
      unread += piece
    }
  }

  /// Takes all that it has printed so far, as much as a pipe holds: somebody else may go on printing.
  private func takeLog() {
    for _ in 0..<ScriptDefaults.pipePieces where !takeLogPiece() { return }
  }

  /// False where there is nothing.
  @discardableResult
  private func takeLogPiece() -> Bool {
    guard log.isOpen else { return false }
    guard let piece = Self.piece(from: printed) else {
      log.isOpen = false
      return false
    }
    log.add(piece)
    return !piece.isEmpty
  }

  /// What is there to read, of at most one piece; nil at the end of the stream.
  private static func piece(from descriptor: Int32) -> [UInt8]? {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: ScriptDefaults.pieceBytes) { buffer, filled in
      count = read(descriptor, buffer.baseAddress, buffer.count)
      filled = max(0, count)
    }
    return count == 0 ? nil : bytes
  }

  /// How it has ended, in words.
  private func text(ofEnd status: Int32) -> String {
    let signal = status & 0x7F
    guard signal != 0 else { return "exited with code \((status >> 8) & 0xFF)" }
    let end = "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
    if let memoryBytes { return "\(end); it may have \(memoryBytes) bytes of memory (resources.memory)" }
    return signal == SIGKILL ? "\(end); the kernel does that where memory runs out" : end
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

  /// Starts a program with these standard streams, in the process group `group`, or in one of its own where that is 0, and with signals as a
  /// new program expects them.
  private static func spawn(
    _ words: [String], streams: [Int32], group: pid_t, variables: [String: String]
  ) throws(ScriptFault) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in streams.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, group)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var child = pid_t()
    let failure = withCStrings(words) { arguments in
      withCStrings(variables.map { "\($0)=\($1)" }) { variables in
        posix_spawn(&child, words[0], &actions, &attributes, arguments, variables)
      }
    }
    guard failure == 0 else {
      throw ScriptFault("cannot be started: \(words[0]): \(String(cString: strerror(failure)))")
    }
    return child
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
