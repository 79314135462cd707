import Files
import Foundation

/// The script of an online endpoint: `init()` once a process, `run(raw_data)` a request, with the body as text. Used from one thread,
/// which lives as long as its process.
package final class OnlineScript {
  /// What keeps a request from its answer.
  package enum Fault: Error, Hashable, CustomStringConvertible {
    /// The script does not start, or has gone; what it or the system says.
    case unavailable(String)
    /// `run()` has raised an error; its text.
    case failed(String)
    /// `run()` takes too long; it is ended.
    case late(String)

    package var description: String {
      switch self {
      case .unavailable(let reason), .failed(let reason), .late(let reason): reason
      }
    }
  }

  private let setup: ScriptSetup
  private let support: String
  private let log: ([UInt8]) -> Void
  private var process: ScriptProcess?
  private var requests = 0

  /// - Parameters:
  ///   - setup: With the input ``ScoringScript/Input/raw``.
  ///   - support: A folder that exists, into which what comes with Sonde is written.
  ///   - log: Takes what the script prints, as bytes.
  package init(_ setup: ScriptSetup, support: String, log: @escaping ([UInt8]) -> Void) {
    self.setup = setup
    self.support = support
    self.log = log
  }

  /// Starts the process where there is none, and waits until its `init()` has ended. Throws ``Fault``.
  package func start() throws(Fault) {
    _ = try started()
  }

  /// What `run(body)` returns, as JSON. A script that has ended by itself is started again first. Throws ``Fault``.
  package func run(_ body: String, within limit: Duration) throws(Fault) -> [UInt8] {
    let process = try started()
    process.beginLog()
    requests += 1
    let reply: ScriptReply
    do throws(ScriptFault) {
      process.send(OnlineScriptRequest(task: requests, body: body).line, within: limit)
      reply = try process.reply(within: limit, doing: "in run()")
      guard reply.task == requests, reply.status != .ready else {
        throw ScriptFault("answered something that it was not asked")
      }
    } catch {
      end()
      throw error.isLate ? .late("the script \(error)") : .unavailable("the script \(error)")
    }
    guard reply.status == .ok else { throw .failed("the script failed: \(reply.why)") }
    guard let answer = reply.answer else { throw .failed("the script gave no answer") }
    return Array(answer.utf8)
  }

  /// Ends the process.
  package func end() {
    process?.kill()
    process = nil
  }

  private func started() throws(Fault) -> ScriptProcess {
    if let process, process.isAlive { return process }
    end()
    do {
      let process = try ScriptProcess(
        setup.command(writingInto: support), in: setup.workingFolder, environment: setup.environment,
        memoryBytes: setup.script.memoryBytes, replyBytes: ScriptDefaults.answerBytes, log: log)
      let reply: ScriptReply
      do {
        reply = try process.reply(within: .seconds(setup.startSeconds), doing: "to start, with its init()")
      } catch {
        guard !process.isAlive, let line = process.lastPrinted else { throw error }
        throw ScriptFault("\(error) before it was ready, and printed last: \(line)")
      }
      guard reply.status == .ready else { throw ScriptFault("did not start: \(reply.why)") }
      self.process = process
      return process
    } catch let fault as ScriptFault {
      throw .unavailable("the script \(fault)")
    } catch {
      throw .unavailable("\(error)")
    }
  }
}

/// One line on the standard input of an online endpoint's script: answer this body.
struct OnlineScriptRequest: Hashable, Sendable, Codable {
  /// The number of the request, which its reply repeats.
  var task: Int
  var body: String

  /// The request as one line of JSON, with its line feed.
  var line: [UInt8] {
    guard let data = try? JSONEncoder().encode(self) else {
      preconditionFailure("strings and integers always encode")
    }
    return Array(data) + [0x0A]
  }
}
