import RealTimeScoring
import Telemetry
import Testing

/// How many replicas are wanted.
@Suite struct ReplicaAutoscalerTests {
  private func autoscaler(_ fewest: Int = 1, _ most: Int = 8, atATime: Int = 1) throws -> ReplicaAutoscaler {
    ReplicaAutoscaler(
      try ReplicaScale(minInstances: fewest, maxInstances: most, requestsAtATime: atATime),
      targetUtilization: 0.7, scaleDownTime: .seconds(20))
  }

  /// What is wanted second by second, where so many requests are under way or wait.
  private func wanted(_ loads: [Double], _ autoscaler: ReplicaAutoscaler) -> [Int] {
    var autoscaler = autoscaler
    return loads.enumerated().map { second, load in
      autoscaler.observe(
        .init(busy: load / 2, queued: load / 2, ready: autoscaler.wanted), at: .seconds(second))
    }
  }

  private func changes(_ counts: some Sequence<Int>) -> Int {
    let counts = Array(counts)
    return zip(counts, counts.dropFirst()).count { $0 != $1 }
  }

  @Test(arguments: [
    // requests, at a time, replicas: ceil(requests / at a time / 0.7), within 1 and 8
    (0, 1, 1), (0.7, 1, 1), (0.71, 1, 2), (1.4, 1, 2), (1.5, 1, 3), (5.6, 1, 8), (100, 1, 8), (2.8, 4, 1),
    (2.9, 4, 2),
    (1e300, 1, 8),
  ])
  func replicasAreBusyToSevenTenths(load: Double, atATime: Int, replicas: Int) throws {
    #expect(wanted([load], try autoscaler(atATime: atATime)) == [replicas])
  }

  @Test func utilizationIsBusyAndQueuedOverReplicas() throws {
    let autoscaler = try autoscaler(atATime: 2)
    #expect(autoscaler.utilization(.init(busy: 3, queued: 5, ready: 2)) == 2)
    // Nobody there is as one that is.
    #expect(autoscaler.utilization(.init(busy: 0, queued: 3, ready: 0)) == 1.5)
  }

  @Test func upIsAtOnceAndDownIsSlow() throws {
    // A second of load, and then none: eight replicas for twenty seconds, then a quarter fewer every twenty.
    let counts = wanted([5] + Array(repeating: 0, count: 140), try autoscaler())
    #expect(counts[0] == 8)
    var course: [Int: Int] = [:]
    for (second, count) in counts.enumerated() where second == 0 || counts[second - 1] != count {
      course[second] = count
    }
    #expect(course == [0: 8, 20: 6, 40: 4, 60: 3, 80: 2, 100: 1])
  }

  @Test func aShortPauseCostsNoReplica() throws {
    // Load for a second in every twenty.
    let loads = (0..<400).map { $0 % 20 == 0 ? 3.0 : 0 }
    #expect(Set(wanted(loads, try autoscaler())) == [5])
  }

  @Test func whileNobodyTakesRequestsNobodyIsLetGo() throws {
    var autoscaler = try autoscaler()
    autoscaler.observe(.init(busy: 3, queued: 0, ready: 1), at: .zero)
    for second in 1...100 {
      #expect(autoscaler.observe(.init(busy: 0, queued: 0, ready: 0), at: .seconds(second)) == 5)
    }
  }

  @Test func boundsAreKept() throws {
    var generator = SeededGenerator(seed: 18, stream: "autoscaler/bounds")
    let loads = (0..<2_000).map { _ in Double.random(in: 0...20, using: &generator) }
    #expect(wanted(loads, try autoscaler(2, 5)).allSatisfy { (2...5).contains($0) })
    #expect(Set(wanted(loads, try autoscaler(3, 3))) == [3])
  }

  /// After whatever came before, a load that stays changes nothing any more once the number has settled, and settles on what it needs.
  @Test(arguments: 1...50) func aConstantLoadSettles(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "autoscaler/constant")
    let before = (0..<100).map { _ in Double.random(in: 0...8, using: &generator) }
    let load = Double.random(in: 0...6, using: &generator)
    let counts = wanted(before + Array(repeating: load, count: 400), try autoscaler())
    let after = counts.dropFirst(before.count)
    // Eight replicas are one after five steps of twenty seconds, and the first may be twenty away.
    #expect(changes(after.dropFirst(6 * 20)) == 0, "seed \(seed)")
    #expect(counts.last == wanted([load], try autoscaler())[0], "seed \(seed)")
    // Never up and down: at most one up, and then down only, or down only.
    let steps = zip(after, after.dropFirst()).filter { $0 != $1 }.map { $0 < $1 }
    #expect(steps.count(where: \.self) <= 1 && steps.dropFirst().allSatisfy { !$0 }, "seed \(seed)")
    // From the start, it is one change at most.
    #expect(changes([1] + wanted(Array(repeating: load, count: 400), try autoscaler())) <= 1)
  }

  /// However the load jumps, within twenty seconds no more than a quarter goes, and none that was needed in that time.
  @Test(arguments: 1...50) func aJumpingLoadMovesItSlowly(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "autoscaler/jumps")
    let loads = (0..<1_000).map { _ in
      Int.random(in: 0..<30, using: &generator) == 0 ? Double.random(in: 0...8, using: &generator) : 0
    }
    let counts = wanted(loads, try autoscaler())
    for second in counts.indices.dropFirst(20) {
      let before = counts[second - 20]
      #expect(counts[second] >= before - (before + 3) / 4, "seed \(seed)")
      let needs = loads[(second - 19)...second].map { min(8, Int(($0 / 0.7).rounded(.up))) }
      #expect(needs.max() ?? 0 <= counts[second], "seed \(seed)")
    }
    #expect(Set(counts).count > 3, "seed \(seed)")
  }

  /// Where at every time as much or more is to be done, as many or more are wanted.
  @Test(arguments: 1...100) func moreLoadNeverGetsFewer(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "autoscaler/monotone")
    var less: [Double] = []
    var more: [Double] = []
    var load = 0.0
    for _ in 0..<600 {
      if Int.random(in: 0..<10, using: &generator) == 0 { load = Double.random(in: 0...8, using: &generator) }
      less.append(load)
      more.append(load + (Bool.random(using: &generator) ? Double.random(in: 0...3, using: &generator) : 0))
    }
    let pairs = zip(wanted(less, try autoscaler(1, 12)), wanted(more, try autoscaler(1, 12)))
    #expect(pairs.allSatisfy { $0 <= $1 }, "seed \(seed)")
  }

  @Test(arguments: [
    (0, 1, 1, "0 replicas are too few"),
    (3, 2, 1, "the most replicas (2) are fewer than those that stay (3)"),
    (1, 65, 1, "65 replicas are too many: 64 is the most"), (1, 1, 0, "not on 0"),
  ])
  func whatCannotBeIsRefused(fewest: Int, most: Int, atATime: Int, words: String) throws {
    let error = #expect(throws: ReplicaError.self) {
      try ReplicaScale(minInstances: fewest, maxInstances: most, requestsAtATime: atATime)
    }
    #expect(error?.description.contains(words) == true)
    #expect(error?.exitStatus == .usage)
  }
}
