import Files
import Foundation
import Subprocess
import Supervision
import Synchronization
import SystemPackage

/// What comes from worker processes, in order of arrival, until somebody takes it.
///
/// Bounded by the protocol: a worker says one line a request and one at its start, and exits once.
final class WorkerMailbox: Sendable {
  enum Message: Sendable {
    case line(worker: Int, String)
    case exited(worker: Int, reason: String)
    /// The worker could not even be started.
    case notStarted(worker: Int, reason: String)
  }

  private let messages = Mutex<[Message]>([])
  /// Yields when there may be messages, or when ``wake()`` was called; never more than one ahead.
  let wakeUps: AsyncStream<Void>
  private let bell: AsyncStream<Void>.Continuation

  init() {
    (wakeUps, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    bell.yield()
  }

  func wake() { bell.yield() }

  func takeAll() -> [Message] {
    messages.withLock { messages in
      defer { messages.removeAll(keepingCapacity: true) }
      return messages
    }
  }
}

/// One worker process: lines in, lines out to a mailbox, standard error to a log file.
struct WorkerProcess: Sendable {
  private enum Order: Sendable {
    case send(String)
    case kill
    case finish
  }

  /// Whether the process has ever been there.
  private final class Presence: Sendable {
    let isSeen = Atomic(false)
  }

  private let orders: AsyncStream<Order>.Continuation
  private let life: Task<Void, Never>

  /// Starts `command` as worker `number`. Everything it has to say, its end included, goes to `mailbox`.
  init(number: Int, command: WorkerCommand, logPath: String, mailbox: WorkerMailbox) {
    let (stream, orders) = AsyncStream.makeStream(of: Order.self)
    self.orders = orders
    life = Task.detached {
      let presence = Presence()
      do {
        let reason = try await Self.live(number, command, logPath, stream, mailbox, presence)
        orders.finish()
        mailbox.post(.exited(worker: number, reason: reason))
      } catch {
        orders.finish()
        mailbox.post(
          presence.isSeen.load(ordering: .acquiring)
            ? .exited(worker: number, reason: "has gone, and how it ended could not be found out (\(error))")
            : .notStarted(worker: number, reason: "\(error)"))
      }
    }
  }

  func send(_ line: String) { orders.yield(.send(line)) }

  func kill() { orders.yield(.kill) }

  /// Closes its standard input, which asks it to exit.
  func finish() { orders.yield(.finish) }

  /// Returns when the process has gone.
  func wait() async { await life.value }

  /// How the process has ended. Throws where it could not be started, and where nobody knows its end, which `presence` tells apart.
  private static func live(
    _ number: Int, _ command: WorkerCommand, _ logPath: String, _ orders: AsyncStream<Order>,
    _ mailbox: WorkerMailbox, _ presence: Presence
  ) async throws -> String {
    guard access(command.executable, X_OK) == 0 else {
      throw FileError(path: command.executable, action: .run, reason: String(cString: strerror(errno)))
    }
    let log = try FileDescriptor.open(
      FilePath(logPath), .writeOnly, options: [.create, .append, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
    // One that outlived a killed coordinator would go on writing into its run. The end of standard input tells an idle worker; one
    // that is at work, or hangs, is ended by the kernel.
    let words = TiedCommand.words([command.executable] + command.arguments, signal: "KILL")
    let result = try await Subprocess.run(
      .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())), input: .inputWriter,
      output: .sequence,
      error: .fileDescriptor(log, closeAfterSpawningProcess: true)
    ) { execution -> String? in
      presence.isSeen.store(true, ordering: .releasing)
      var unread: String?
      await withTaskGroup { group in
        group.addTask {
          for await order in orders {
            switch order {
            // A worker that has gone is not written to; its end is reported by itself.
            case .send(let line): _ = try? await execution.standardInputWriter.write(line)
            case .kill: try? execution.send(signal: .kill)
            case .finish: try? await execution.standardInputWriter.finish()
            }
          }
        }
        do {
          for try await line in execution.standardOutput.strings() {
            mailbox.post(.line(worker: number, line))
          }
        } catch {
          // Not a line of the worker's: that its output could not be read is told with its end.
          unread = "\(error)"
          try? execution.send(signal: .kill)
        }
        group.cancelAll()
      }
      // Without standard output it is of no more use: it gets the time to exit by itself (signal 0 only asks whether
      // it is there) and is killed then.
      await execution.teardown(using: [
        .send(signal: Signal(rawValue: 0), allowedDurationToNextStep: ComputeDefaults.workerExitGrace)
      ])
      return unread
    }
    let end =
      switch result.terminationStatus {
      case .exited(let code): "exited with code \(code)"
      case .signaled(let signal): "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
      }
    return result.closureResult.map { "\(end); what it wrote could not be read (\($0))" } ?? end
  }
}
