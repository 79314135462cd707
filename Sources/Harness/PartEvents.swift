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
    var published = 0
    var scheduleBegan: ContinuousClock.Instant?
    var toldStage: ClimbController.Told?
    var jobsCompleted = 0
    var predictions = 0
    var modelsTrained = 0
  }

  private let state = Mutex(State())

  var isIngestionReady: Bool { state.withLock { $0.isIngestionReady } }
  /// Of the life of ingestion that ended by itself.
  var statistics: IngestionStatistics? { state.withLock { $0.statistics } }
  var ledger: FleetLedger? { state.withLock { $0.ledger } }
  /// Messages that the fleet has handed to the broker.
  var published: Int { state.withLock { $0.published } }
  /// When the fleet began to keep its schedule; nil before.
  var scheduleBegan: ContinuousClock.Instant? { state.withLock { $0.scheduleBegan } }
  /// The newest stage of the load of which ingestion has told.
  var toldStage: ClimbController.Told? { state.withLock { $0.toldStage } }
  /// Rows of the prediction files of jobs that have ended.
  var predictions: Int { state.withLock { $0.predictions } }
  var jobsCompleted: Int { state.withLock { $0.jobsCompleted } }
  var modelsTrained: Int { state.withLock { $0.modelsTrained } }

  func ingestionWasLaunched() { state.withLock { $0.isIngestionReady = false } }

  func ingestion(_ line: String) {
    guard let event = decode(IngestionEvent.self, line) else { return }
    state.withLock { state in
      switch event {
      case .ready: state.isIngestionReady = true
      case .stage(let stage, let known):
        state.toldStage = .init(step: stage.stage, known: known, p99: stage.p99, growth: stage.growth)
      case .stopped(let statistics): state.statistics = statistics
      }
    }
  }

  func fleet(_ line: String) {
    if let event = decode(FleetEvent.self, line) {
      switch event {
      case .progress(let published, _): state.withLock { $0.published = published }
      case .began(let microseconds):
        let age = Duration.seconds(Date().timeIntervalSince1970 - Double(microseconds) / 1e6)
        state.withLock { $0.scheduleBegan = ContinuousClock.now - age }
      case .connected, .finished: break
      }
    } else if let ledger = decode(FleetLedger.self, line) {
      state.withLock { state in
        state.ledger = ledger
        state.published = ledger.published
      }
    }
  }

  func scheduler(_ line: String) {
    guard let event = decode(ScoringEvent.self, line) else { return }
    state.withLock { state in
      switch event.event {
      case .jobCompleted, .jobFailed, .jobCanceled:
        state.jobsCompleted += 1
        if event.event == .jobCompleted { state.predictions += event.rows ?? 0 }
      case .trained: state.modelsTrained += event.models ?? 0
      default: break
      }
    }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ line: String) -> Value? {
    try? JSONDecoder().decode(type, from: Data(line.utf8))
  }
}
