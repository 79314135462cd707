import BatchScoring
import ClusterModel
import Foundation
import Supervision

/// Runs jobs of different cluster sizes in turns of a few milliseconds, each standing still while another has its turn.
///
/// A virtual machine is now faster and now slower, by a tenth and more, over spans of milliseconds as well as minutes: two jobs that run
/// one after the other differ by that much, however long they are. In turns, what slows one slows all. Each core has its own ups
/// and downs, so a job with fewer workers than there are cores moves on to other cores with every turn.
struct JobTurns {
  /// Jobs that run side by side and have their turns together.
  struct Taker {
    var cell: ClusterCell
    /// How many jobs of the cell.
    var jobs = 1
    var workers: Int { jobs * cell.nodes * cell.coresPerNode }
  }

  /// What came of a taker's jobs, and what of the time was theirs.
  struct Result {
    var outcomes: [SizeTrial.Outcome]
    var clock: TurnClock
  }

  /// The same for all: what stopping and continuing costs is then the same share of every job.
  private static let turn = Duration.milliseconds(4)

  /// What all jobs have in common.
  let settings: SizeTrialProcess
  let executable: String
  /// The folder of the jobs' files, which exists.
  let scratch: String
  let stop: StopFlag

  /// Runs each of `takers` to its end. Throws ``SweepError`` where a job fails, ``RunError`` where `stop` is set.
  func run(_ takers: [Taker]) async throws -> [Result] {
    var jobs: [[JobProcess]] = []
    defer { for job in jobs.joined() { job.kill() } }
    for (number, taker) in takers.enumerated() {
      var own: [JobProcess] = []
      for index in 0..<taker.jobs {
        var settings = settings
        settings.cell = taker.cell
        settings.scratch = "\(scratch)/\(number)-\(index)"
        own.append(try await JobProcess.start(settings, executable))
      }
      jobs.append(own)
    }
    for job in jobs.joined() {
      while try job.word() == nil { try await Self.pause(.milliseconds(1), stop) }
      job.begin()
    }
    let clocks = try await takeTurns(takers, jobs)
    var results: [Result] = []
    for (own, clock) in zip(jobs, clocks) {
      results.append(Result(outcomes: try own.compactMap { try $0.outcome() }, clock: clock))
      for job in own { try await job.leave() }
    }
    return results
  }

  private func takeTurns(_ takers: [Taker], _ jobs: [[JobProcess]]) async throws -> [TurnClock] {
    let processors = ProcessGroup.processors
    var clocks = takers.map { _ in TurnClock() }
    var going = Array(takers.indices)
    var turns = takers.map { _ in 0 }
    while !going.isEmpty {
      // One with fewer workers takes longer to get through, and has more turns: all come to their ends at about the same time.
      let most = going.map { takers[$0].workers }.max() ?? 1
      for again in 0..<most {
        for number in going where again < most / takers[number].workers {
          // Each worker has a processor to itself, as far as there are enough, and another one in every turn.
          for (index, job) in jobs[number].enumerated() where !processors.isEmpty {
            let own = (0..<job.workers).map {
              processors[(turns[number] + index * job.workers + $0) % processors.count]
            }
            job.group.spreadChildren(over: own)
          }
          let begin = MachineClock.now
          for job in jobs[number] { job.group.send(signal: SIGCONT) }
          try await Self.pause(Self.turn, stop)
          for job in jobs[number] { job.group.send(signal: SIGSTOP) }
          clocks[number].add(from: begin, to: MachineClock.now)
          turns[number] += 1
        }
      }
      going = try going.filter { try jobs[$0].contains { try $0.outcome() == nil } }
    }
    return clocks
  }

  private static func pause(_ duration: Duration, _ stop: StopFlag) async throws {
    if stop.isSet { throw RunError.interrupted }
    try await Task.sleep(for: duration)
  }
}
