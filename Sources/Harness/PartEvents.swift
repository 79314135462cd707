import BatchScoring
import DeviceFleet
import Foundation
import Ingestion
import Synchronization

/// What the parts have said so far, line by line of their standard output.
final class PartEvents: Sendable {
  private struct State {
    var isIngestionReady = false
    var statistics: IngestionStatistics?
    var ledger: FleetLedger?
    var jobsCompleted = 0
    var modelsTrained = 0
  }

  private let state = Mutex(State())

  var isIngestionReady: Bool { state.withLock { $0.isIngestionReady } }
  /// Of the life of ingestion that ended by itself.
  var statistics: IngestionStatistics? { state.withLock { $0.statistics } }
  var ledger: FleetLedger? { state.withLock { $0.ledger } }
  var jobsCompleted: Int { state.withLock { $0.jobsCompleted } }
  var modelsTrained: Int { state.withLock { $0.modelsTrained } }

  func ingestionWasLaunched() { state.withLock { $0.isIngestionReady = false } }

  func ingestion(_ line: String) {
    guard let event = decode(IngestionEvent.self, line) else { return }
    state.withLock { state in
      switch event {
      case .ready: state.isIngestionReady = true
      case .stopped(let statistics): state.statistics = statistics
      }
    }
  }

  func fleet(_ line: String) {
    guard let ledger = decode(FleetLedger.self, line) else { return }
    state.withLock { $0.ledger = ledger }
  }

  func scheduler(_ line: String) {
    guard let event = decode(ScoringEvent.self, line) else { return }
    state.withLock { state in
      switch event.event {
      case .jobCompleted, .jobFailed, .jobCanceled: state.jobsCompleted += 1
      case .trained: state.modelsTrained += event.models ?? 0
      default: break
      }
    }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ line: String) -> Value? {
    try? JSONDecoder().decode(type, from: Data(line.utf8))
  }
}
