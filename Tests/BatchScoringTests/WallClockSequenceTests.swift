import BatchScoring
import Foundation
import Modelling
import Telemetry
import Testing

@Suite struct WallClockSequenceTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
  private func minute(_ minutes: Double) -> Timestamp { Self.start + .seconds(minutes * 60) }

  private func sequence(
    _ policy: ConcurrencyPolicy = .forbid, _ catchup: CatchupPolicy = .last, startedAt: Double = 0,
    lastFire: Double? = nil, lastCut: Double = 0
  ) throws -> WallClockSequence {
    WallClockSequence(
      schedule: try Schedule(every: .seconds(600), origin: Self.start), policy: policy, catchup: catchup,
      startedAt: minute(startedAt), lastFire: lastFire.map(minute), lastCut: minute(lastCut))
  }

  private func cut(_ step: WallClockSequence.Step) throws -> JobCut {
    guard case .start(let cut) = step else { throw ScoringError("\(step)") }
    return cut
  }

  @Test func firesAtItsTimesAndTakesWhatIsVisible() throws {
    var sequence = try sequence()
    #expect(sequence.next(now: minute(9), watermark: minute(8)) == .wait(until: minute(10)))
    let first = try cut(sequence.next(now: minute(10.01), watermark: minute(9.5)))
    #expect(first.after == minute(0) && first.through == minute(9.5) && first.firedAt == minute(10))
    #expect(first.id == "2026-01-01T00-10-00Z")
    sequence.didEnd(first, isReplaced: false)
    #expect(
      sequence.next(now: minute(20), watermark: minute(9.5)) == .skip(minute(20), reason: nil),
      "nothing is new")
    let third = try cut(sequence.next(now: minute(30), watermark: minute(29)))
    #expect(third.after == minute(9.5) && third.through == minute(29))
  }

  @Test func forbidSkipsAndTheNextTakesItsWindows() throws {
    var sequence = try sequence(.forbid)
    let first = try cut(sequence.next(now: minute(10), watermark: minute(10)))
    guard case .skip(minute(20), let reason?) = sequence.next(now: minute(20), watermark: minute(20)) else {
      Issue.record("it was not skipped")
      return
    }
    #expect(reason.contains(first.id))
    sequence.didEnd(first, isReplaced: false)
    let next = try cut(sequence.next(now: minute(30), watermark: minute(30)))
    #expect(next.after == minute(10) && next.through == minute(30))
  }

  @Test func allowRunsBothUpToABound() throws {
    var sequence = try sequence(.allow)
    for number in 1...ScoringDefaults.maxConcurrentJobs {
      let time = minute(Double(number) * 10)
      let cut = try cut(sequence.next(now: time, watermark: time))
      #expect(cut.after == minute(Double(number - 1) * 10))
    }
    let time = minute(Double(ScoringDefaults.maxConcurrentJobs + 1) * 10)
    guard case .skip = sequence.next(now: time, watermark: time) else {
      Issue.record("there is no bound")
      return
    }
  }

  @Test func replaceTakesOverTheWindowsOfTheCanceled() throws {
    var sequence = try sequence(.replace)
    let first = try cut(sequence.next(now: minute(10), watermark: minute(10)))
    #expect(
      sequence.next(now: minute(20), watermark: minute(20))
        == .cancelRunning(replacement: "2026-01-01T00-20-00Z"))
    sequence.didEnd(first, isReplaced: true)
    let second = try cut(sequence.next(now: minute(20.1), watermark: minute(20)))
    #expect(second.after == minute(0) && second.through == minute(20))
    // One that was quicker than its cancel has scored its windows itself.
    _ = sequence.next(now: minute(30), watermark: minute(30))
    sequence.didEnd(second, isReplaced: false)
    #expect(try cut(sequence.next(now: minute(30), watermark: minute(30))).after == minute(20))
  }

  @Test func missedJobsAreCaughtUpAsAsked() throws {
    var none = try sequence(.forbid, .none, startedAt: 55, lastFire: 10, lastCut: 10)
    #expect(none.next(now: minute(56), watermark: minute(56)) == .wait(until: minute(60)))
    #expect(try cut(none.next(now: minute(60), watermark: minute(60))).after == minute(10))

    var last = try sequence(.forbid, .last, startedAt: 55, lastFire: 10, lastCut: 10)
    let only = try cut(last.next(now: minute(55), watermark: minute(55)))
    #expect(only.firedAt == minute(50) && only.after == minute(10) && only.through == minute(55))
    last.didEnd(only, isReplaced: false)
    #expect(last.next(now: minute(55), watermark: minute(55)) == .wait(until: minute(60)))

    var all = try sequence(.forbid, .all, startedAt: 55, lastFire: 10, lastCut: 10)
    var cuts: [JobCut] = []
    for _ in 0..<4 {
      let cut = try cut(all.next(now: minute(55), watermark: minute(55)))
      cuts.append(cut)
      if cut.firedAt != minute(50) {
        #expect(all.next(now: minute(55), watermark: minute(55)) == .wait(until: nil), "one after the other")
      }
      all.didEnd(cut, isReplaced: false)
    }
    #expect(cuts.map(\.firedAt) == [20, 30, 40, 50].map { minute($0) })
    #expect(cuts.map(\.through) == [minute(20), minute(30), minute(40), minute(55)])
    #expect(zip(cuts, cuts.dropFirst()).allSatisfy { $0.through == $1.after })
  }

  @Test func yearsThatWereMissedAreBounded() throws {
    var all = try WallClockSequence(
      schedule: Schedule(cron: "* * * * *"), policy: .forbid, catchup: .all,
      startedAt: Self.start + .seconds(10 * 365 * 86_400), lastFire: Self.start, lastCut: Self.start)
    let now = Self.start + .seconds(10 * 365 * 86_400)
    var fires: [Timestamp] = []
    while case .start(let cut) = all.next(now: now, watermark: now) {
      fires.append(try #require(cut.firedAt))
      all.didEnd(cut, isReplaced: false)
    }
    #expect(fires.count == ScoringDefaults.maxCatchUpRuns)
    #expect(fires.last == now)
  }

  /// Whatever is due, ends, is replaced or crashes: the cuts of the jobs that count follow each other without gap or
  /// overlap.
  @Test(arguments: 0..<200) func everyWindowIsInOneJob(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "wall-clock")
    func pick(_ count: Int) -> Int { min(count - 1, Int(generator.uniform(in: 0...1) * Double(count))) }
    let policy = ConcurrencyPolicy.allCases[pick(3)]
    let catchup = CatchupPolicy.allCases[pick(3)]
    var sequence = try sequence(policy, catchup)
    var now = 0.0
    var done: [JobCut] = []
    var running: [JobCut] = []
    for _ in 0..<300 {
      now += Double(pick(8))
      if pick(4) == 0, let cut = running.first {
        running.removeFirst()
        done.append(cut)
        sequence.didEnd(cut, isReplaced: false)
      }
      switch sequence.next(now: minute(now), watermark: now < 1 ? nil : minute(now - 1)) {
      case .start(let cut): running.append(cut)
      case .cancelRunning:
        for cut in running {
          let isTooLate = pick(3) == 0
          if isTooLate { done.append(cut) }
          sequence.didEnd(cut, isReplaced: !isTooLate)
        }
        running = []
      case .skip, .wait: break
      }
      if pick(40) == 0 {
        // Killed and started again: what runs is taken up.
        let known = done + running
        now += Double(pick(60))
        sequence = WallClockSequence(
          schedule: try Schedule(every: .seconds(600), origin: Self.start), policy: policy, catchup: catchup,
          startedAt: minute(now), lastFire: known.compactMap(\.firedAt).max(),
          lastCut: known.compactMap(\.through).max() ?? Self.start, running: running)
      }
    }
    let cuts = (done + running).sorted { $0.after < $1.after }
    #expect(cuts.count > 5, "seed \(seed)")
    #expect(cuts.first?.after == Self.start)
    for (one, next) in zip(cuts, cuts.dropFirst()) { #expect(one.through == next.after, "seed \(seed)") }
    #expect(Set(cuts.map(\.id)).count == cuts.count, "seed \(seed)")
  }
}
