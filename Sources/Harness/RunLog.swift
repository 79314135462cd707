import Files
import Foundation
import Scenario
import Synchronization

/// Writes `logs/run.log` while a run goes on. A line that cannot be written is left out: a log must not end what it speaks of.
final class RunLog: Sendable {
  private struct State {
    let file: GrowingFile?
    var phase: String?
    var nextTrial = ContinuousClock.now
  }

  private let state: Mutex<State>

  /// A trial tells of itself many times a second.
  private static let trialInterval = Duration.seconds(1)

  init(_ folder: RunFolder, _ document: ScenarioDocument) {
    state = Mutex(State(file: try? GrowingFile(path: folder.runLog)))
    write(
      RunLogEntry(
        .plan, atMs: Self.now, text: document.name, messages: document.source.messages.messageCount,
        faults: document.faults.map(\.text)))
  }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  /// Notes what `event` says that is new.
  func note(_ event: RunEvent) {
    switch event {
    case .notice(let text): write(RunLogEntry(.notice, atMs: Self.now, text: text))
    case .trial(let text):
      let isTime = state.withLock { state in
        guard ContinuousClock.now >= state.nextTrial else { return false }
        state.nextTrial = .now + Self.trialInterval
        return true
      }
      if isTime { write(RunLogEntry(.trial, atMs: Self.now, text: text)) }
    case .status(let status):
      let phase = [status.phase.rawValue, status.deployment].compactMap { $0 }.joined(separator: " ")
      let known = state.withLock { state in
        defer { state.phase = phase }
        return state.phase
      }
      guard known != phase else { return }
      if known == nil { write(RunLogEntry(.fleet, atMs: Self.now, text: phase)) }
      write(RunLogEntry(.phase, atMs: Self.now, text: phase))
    }
  }

  private func write(_ entry: RunLogEntry) {
    state.withLock { state in
      guard let line = try? entry.line else { return }
      try? state.file?.write(line)
    }
  }
}
