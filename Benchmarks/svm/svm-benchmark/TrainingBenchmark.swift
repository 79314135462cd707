import Foundation
import OneClassSVM

/// Training of a fleet, beside scikit-learn in as many processes.
struct TrainingFigure: Codable {
  let devices: Int
  let windows: Int
  let features: Int
  let workers: Int
  let seconds: Double
  let secondsOneWorker: Double
  let peerSeconds: Double
  let supportVectors: Int
  let peerSupportVectors: Int

  enum CodingKeys: String, CodingKey {
    case devices, windows, features, workers, seconds
    case secondsOneWorker = "seconds_one_worker"
    case peerSeconds = "scikit_learn_seconds"
    case supportVectors = "support_vectors"
    case peerSupportVectors = "scikit_learn_support_vectors"
  }
}

enum TrainingBenchmark {
  static func run(folder: String, peer: PeerFigures.Training) async throws -> TrainingFigure {
    let values = try doubles(of: "\(folder)/training_rows")
    let length = peer.windows * peer.features
    // The tolerance is the default, which is what peers.py gives scikit-learn.
    let options = TrainingOptions(nu: peer.nu)
    let job: @Sendable (Int) -> TrainingJob = { device in
      let rows = FeatureMatrix(
        values: Array(values[(device * length)..<((device + 1) * length)]), columns: peer.features)
      return TrainingJob(rows: rows, options: options)
    }
    func train(workers: Int) async throws -> (seconds: Double, supportVectors: Int) {
      let start = ContinuousClock.now
      let outcomes = await FleetTraining.train(count: peer.devices, workers: workers, job: job)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      return (seconds, try outcomes.reduce(0) { try $0 + $1.get().model.coefficients.count })
    }
    // The best of three, in turn, as peers.py does: wall time suffers from whatever else the machine does.
    var parallel = try await train(workers: peer.processes)
    var alone = try await train(workers: 1)
    for _ in 1..<3 {
      parallel.seconds = min(parallel.seconds, try await train(workers: peer.processes).seconds)
      alone.seconds = min(alone.seconds, try await train(workers: 1).seconds)
    }
    return TrainingFigure(
      devices: peer.devices, windows: peer.windows, features: peer.features, workers: peer.processes,
      seconds: parallel.seconds, secondsOneWorker: alone.seconds, peerSeconds: peer.seconds,
      supportVectors: parallel.supportVectors, peerSupportVectors: peer.supportVectors)
  }
}
