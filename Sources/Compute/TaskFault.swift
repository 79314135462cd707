import Foundation
import Telemetry

/// Makes some attempts at tasks fail, for tests of what becomes of them with real workers.
///
/// `SONDE_FAIL_TASKS=<share>#<seed>` in the environment of a worker, such as `0.02#7`: each attempt fails with this
/// probability, and whether it does follows from seed, task and attempt alone. Every third failure is the worker's death.
enum TaskFault {
  private static let plan: (share: Double, seed: UInt64)? = {
    let parts = ProcessInfo.processInfo.environment["SONDE_FAIL_TASKS"]?.split(separator: "#") ?? []
    guard parts.count == 2, let share = Double(parts[0]), let seed = UInt64(parts[1]) else { return nil }
    return (share, seed)
  }()

  /// Throws ``TaskFailure``, or ends the process, where this attempt is one that fails.
  static func strike(_ request: WorkerRequest) throws(TaskFailure) {
    guard let plan else { return }
    var generator = SeededGenerator(
      seed: plan.seed, stream: RandomStream.failingTask(request.task, attempt: request.attempt))
    guard generator.uniform(in: 0...1) < plan.share else { return }
    if generator.uniform(in: 0...1) < 1.0 / 3 { kill(getpid(), SIGKILL) }
    throw TaskFailure("failed on purpose (SONDE_FAIL_TASKS)")
  }
}
