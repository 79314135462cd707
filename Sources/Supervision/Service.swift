import Foundation
import Subprocess
import Synchronization
import SystemPackage
import Wording

/// Why a child process could not be started.
package struct ServiceError: ExitingError {
  package let service: String
  package let reason: String

  package var exitStatus: ExitStatus { .unavailable }

  package var description: String { "\(service): \(reason)" }
}

/// How a child process ended.
package enum ServiceExit: Hashable, Sendable, CustomStringConvertible {
  case exited(code: Int32)
  case killed(signal: Int32)

  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .killed(let signal): "signal \(signal)"
    }
  }
}

/// A long-running child process: its standard error goes to a log file, its standard output is read line by line, its
/// standard input can be written and closed.
///
/// A service does not outlive the process that started it: the kernel sends it a signal when that one dies (where there is
/// `setpriv`; see ``TiedCommand/words(_:signal:)``), and its standard input ends.
package final class Service: Sendable {
  package let name: String
  package let processID: Int32
  /// What the child writes to standard output, line by line; ends with the child.
  package let lines: AsyncStream<String>

  private let completion: Task<ServiceExit, any Error>
  private let handle: ProcessHandle
  private let input: Mutex<FileDescriptor?>

  /// The longest line read from a child, in bytes; more is a fault of the child.
  private static let maximumLineBytes = 1 << 20

  private init(
    name: String, processID: Int32, lines: AsyncStream<String>, completion: Task<ServiceExit, any Error>,
    handle: ProcessHandle, input: FileDescriptor
  ) {
    self.name = name
    self.processID = processID
    self.lines = lines
    self.completion = completion
    self.handle = handle
    self.input = Mutex(input)
  }

  /// Starts `executable` with `arguments`.
  ///
  /// - Parameters:
  ///   - name: What people know the part as; used in messages.
  ///   - log: The file that takes its standard error, appended to. Its folder must exist. Nil: it shares this process's own.
  ///   - environment: Added to this process's own.
  ///   - orphanSignal: What the kernel sends it when this process dies, as `setpriv` names it: `TERM`, so that it can end in
  ///     order, or `KILL` for one that may stand still then, whom no other signal reaches.
  /// - Throws: ``ServiceError`` where it cannot be started.
  package static func start(
    name: String, executable: String, arguments: [String], log: String?, environment: [String: String] = [:],
    orphanSignal: String = "TERM"
  ) async throws -> Service {
    guard let path = ExecutablePath.find(executable) else {
      throw ServiceError(service: name, reason: "there is no program \(executable.quoted)")
    }
    let logFile: FileDescriptor
    let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do {
      logFile =
        try log.map {
          try FileDescriptor.open(
            FilePath($0), .writeOnly, options: [.create, .append, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } ?? FileDescriptor.standardError.duplicate()
      pipe = try FileDescriptor.pipe()
    } catch {
      throw ServiceError(service: name, reason: "cannot open \(log ?? "standard error"): \(error)")
    }
    // Another child started later must not keep this one's input open.
    _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
    _ = fcntl(pipe.readEnd.rawValue, F_SETFD, FD_CLOEXEC)

    let (lines, lineSink) = AsyncStream.makeStream(of: String.self)
    let (started, startedSink) = AsyncStream.makeStream(of: Started.self)
    let command = TiedCommand.words([path] + arguments, signal: orphanSignal)
    var changes: [Environment.Key: String?] = [:]
    for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
    let completion = Task {
      defer {
        lineSink.finish()
        startedSink.finish()
      }
      let result = try await Subprocess.run(
        .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
        environment: .inherit.updating(changes),
        input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
        output: .sequence,
        error: .fileDescriptor(logFile, closeAfterSpawningProcess: true)
      ) { execution in
        startedSink.yield(
          Started(
            processID: execution.processIdentifier.value,
            handle: ProcessHandle(execution.processIdentifier.value)))
        startedSink.finish()
        for try await line in execution.standardOutput.strings(
          separatedBy: .lineBreaks, bufferingPolicy: .maxLineLength(maximumLineBytes))
        {
          lineSink.yield(line)
        }
      }
      return switch result.terminationStatus {
      case .exited(let code): ServiceExit.exited(code: code)
      case .signaled(let number): ServiceExit.killed(signal: number)
      }
    }
    for await child in started {
      return Service(
        name: name, processID: child.processID, lines: lines, completion: completion, handle: child.handle,
        input: pipe.writeEnd)
    }
    try? pipe.writeEnd.close()
    do {
      _ = try await completion.value
      throw ServiceError(service: name, reason: "it ended before it began")
    } catch let error as SubprocessError {
      throw ServiceError(service: name, reason: "\(error)")
    }
  }

  deinit {
    input.withLock { try? $0?.close() }
  }

  private struct Started: Sendable {
    let processID: Int32
    let handle: ProcessHandle
  }

  /// Writes `line` and a line feed to the child's standard input. Does nothing once the child has gone.
  package func write(_ line: String) {
    input.withLock { descriptor in
      _ = try? descriptor?.writeAll((line + "\n").utf8)
    }
  }

  /// Ends the child's standard input.
  package func closeInput() {
    input.withLock { descriptor in
      try? descriptor?.close()
      descriptor = nil
    }
  }

  /// Sends a signal; nothing where the child has ended. The signal goes through the process's own handle, so that it
  /// cannot reach another process that got the same number later.
  package func send(signal number: Int32) {
    handle.send(signal: number)
  }

  /// Waits for the child's end.
  package func exit() async throws -> ServiceExit {
    try await completion.value
  }

  /// Asks the child to end (SIGTERM) and, where it has not done so after `grace`, kills it.
  @discardableResult
  package func stop(grace: Duration = .seconds(10)) async throws -> ServiceExit {
    send(signal: SIGTERM)
    let killer = Task {
      try await Task.sleep(for: grace)
      send(signal: SIGKILL)
    }
    defer { killer.cancel() }
    return try await exit()
  }
}
