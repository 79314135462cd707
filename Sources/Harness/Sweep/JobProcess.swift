import BatchScoring
import ClusterModel
import Files
import Foundation
import Supervision
import Synchronization

/// A job that is a process with children, and what it has said so far.
final class JobProcess: Sendable {
  private struct State: Sendable {
    /// What it said last.
    var word: SizeTrialProcess.Word?
    var hasEnded = false
  }

  private let service: Service
  private let log: String
  private let state = Mutex(State())
  let group: ProcessGroup
  /// How many workers it has at most.
  let workers: Int

  /// Starts the job of `settings`, beside whose folder its own files are.
  ///
  /// Where this process is killed in the middle of a turn, the job may come to a stop only afterwards, with nobody to continue it:
  /// SIGTERM would wait for ever.
  static func start(_ settings: SizeTrialProcess, _ executable: String) async throws -> JobProcess {
    let file = "\(settings.scratch).json"
    try JSONFile.write(settings, to: file)
    let log = "\(settings.scratch).log"
    let service = try await Service.start(
      name: "a job on \(settings.cell.nodes) nodes", executable: executable,
      arguments: SizeTrialProcess.arguments(file), log: log, orphanSignal: "KILL")
    return JobProcess(service, log, settings.cell)
  }

  private init(_ service: Service, _ log: String, _ cell: ClusterCell) {
    self.service = service
    self.log = log
    group = ProcessGroup(leader: service.processID)
    workers = cell.nodes * cell.coresPerNode
    Task {
      for await line in service.lines {
        let word = try? JSONDecoder().decode(SizeTrialProcess.Word.self, from: Data(line.utf8))
        state.withLock { $0.word = word ?? .failed("it said \(line)") }
      }
      state.withLock { $0.hasEnded = true }
    }
  }

  /// What it said last; nil where it has said nothing yet. Throws where it has failed, or has ended.
  func word() throws -> SizeTrialProcess.Word? {
    let state = state.withLock { $0 }
    switch state.word {
    case .failed(let reason): throw SweepError("\(service.name) failed: \(reason)")
    case .finished(let outcome): return .finished(outcome)
    case let word:
      if state.hasEnded { throw SweepError("\(service.name) ended before it was done\(lastWords)") }
      return word
    }
  }

  /// The end of its log, which goes with the folder that it is in.
  private var lastWords: String {
    let line = (try? TextFile.text(of: log))?.split(separator: "\n").last
    return line.map { "; its log ends with: \($0)" } ?? ""
  }

  /// Nil while it is at work.
  func outcome() throws -> SizeTrial.Outcome? {
    guard case .finished(let outcome) = try word() else { return nil }
    return outcome
  }

  /// Lets it begin with its first turn.
  func begin() {
    group.send(signal: SIGSTOP)
    service.write("")
  }

  /// Lets it end, and waits for that.
  func leave() async throws {
    group.send(signal: SIGCONT)
    service.closeInput()
    _ = try await service.exit()
  }

  /// Ends it with its children, where it is still there.
  func kill() {
    guard !state.withLock({ $0.hasEnded }), group.exists else { return }
    group.send(signal: SIGKILL)
  }
}
