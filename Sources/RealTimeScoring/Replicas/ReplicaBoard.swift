import Supervision
import Telemetry

/// What is to be done with the replicas of a set: a pure state machine. Events go in, actions come out, and time is told, never read.
///
/// Replicas are numbered from 1, as their slots are. As many as are wanted are kept: one that ends by itself is started again, at once
/// after its first death and then after longer and longer waits. One too many is drained before it is told to end. One that drains
/// goes on where it is wanted again.
package struct ReplicaBoard: Sendable {
  package enum Event: Hashable, Sendable {
    /// So many replicas are wanted.
    case wanted(Int)
    /// The replica has said that it is ready.
    case answered(Int)
    /// Its process has ended, or could not be started.
    case ended(Int, ReplicaEnd)
    /// What haproxy says of replicas; those that are not named are not known.
    case observed([Int: Observation])
    /// No replica is to be started any more.
    case close
    /// All are to end, and none is to be started any more.
    case stop
    /// Nothing but time has passed.
    case tick
  }

  /// What haproxy says of a replica.
  package struct Observation: Hashable, Sendable {
    /// How many requests it has.
    package var requests: Int
    /// Whether its checks find it ready.
    package var isUp: Bool

    package init(requests: Int, isUp: Bool) {
      self.requests = requests
      self.isUp = isUp
    }
  }

  package enum Action: Hashable, Sendable {
    /// Its process is to be started.
    case start(Int)
    /// Its slot is to get requests, no new ones, or none.
    case slot(Int, HAProxyControl.SlotState)
    /// SIGTERM.
    case terminate(Int)
    /// SIGKILL.
    case kill(Int)
    /// For the record.
    case changed(ReplicaTransition)
  }

  /// How long each thing may take.
  package struct Limits: Hashable, Sendable {
    package var start = ReplicaDefaults.startTimeout
    package var drain = ReplicaDefaults.drainTimeout
    package var exit = ReplicaDefaults.exitGrace
    package var down = ReplicaDefaults.downTime

    package init() {}
  }

  fileprivate enum Slot: Hashable, Sendable {
    case empty
    /// It is started again at this time.
    case waiting(until: Duration)
    case starting(since: Duration)
    case ready(since: Duration)
    case draining(since: Duration)
    /// It was told to end.
    case ending(since: Duration)
    /// It was killed, and its end is waited for.
    case dying(reason: String, startsAgain: Bool)
  }

  package let limits: Limits
  /// How many replicas are wanted.
  package private(set) var wanted: Int
  /// How often a replica was started again after it had ended by itself.
  package private(set) var restarts = 0
  /// How often each replica has ended by itself since it was steady.
  package private(set) var failures: [Int: Int] = [:]
  private var slots: [Slot]
  /// Since when haproxy has found replicas down that are to get requests.
  private var downSince: [Int: Duration] = [:]
  private var isClosed = false

  /// - Parameters:
  ///   - wanted: How many replicas are wanted at first.
  ///   - most: How many slots there are.
  package init(wanted: Int, most: Int, limits: Limits = Limits()) {
    precondition(wanted >= 0 && wanted <= most)
    self.wanted = wanted
    self.limits = limits
    slots = Array(repeating: .empty, count: most)
  }

  /// The replicas that have a process, with their states.
  package var states: [Int: ReplicaState] {
    var states: [Int: ReplicaState] = [:]
    for (index, slot) in slots.enumerated() { states[index + 1] = slot.state }
    return states
  }

  /// Whether no replica has a process.
  package var isEmpty: Bool { slots.allSatisfy { $0.state == nil } }

  /// Takes `event`, which happened at `now` on a clock that never goes back.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .wanted(let count): wanted = min(max(0, count), slots.count)
    case .answered(let replica): answered(replica, now, &actions)
    case .ended(let replica, let end): ended(replica, end, now, &actions)
    case .observed(let seen):
      for (replica, one) in seen.sorted(by: { $0.key < $1.key }) { observed(replica, one, now, &actions) }
    case .close: isClosed = true
    case .stop:
      isClosed = true
      wanted = 0
      for replica in 1...slots.count {
        switch slots[replica - 1] {
        case .starting, .draining: terminate(replica, now, &actions)
        case .ready:
          actions.append(change(replica, .draining, "the service ends"))
          terminate(replica, now, &actions)
        default: break
        }
      }
    case .tick: break
    }
    expire(at: now, &actions)
    if !isClosed { balance(at: now, &actions) }
    return actions
  }

  private mutating func answered(_ replica: Int, _ now: Duration, _ actions: inout [Action]) {
    guard case .starting = slots[replica - 1] else { return }
    slots[replica - 1] = .ready(since: now)
    actions += [.slot(replica, .ready), change(replica, .ready, "it answers")]
  }

  private mutating func observed(
    _ replica: Int, _ seen: Observation, _ now: Duration, _ actions: inout [Action]
  ) {
    switch slots[replica - 1] {
    case .draining where seen.requests == 0: terminate(replica, now, &actions)
    case .ready where !seen.isUp:
      let since = downSince[replica] ?? now
      downSince[replica] = since
      guard now - since >= limits.down else { return }
      actions.append(.slot(replica, .maint))
      kill(
        replica, because: "it did not answer for \(limits.down.components.seconds) s", startsAgain: true,
        &actions)
    default: downSince[replica] = nil
    }
  }

  private mutating func ended(_ replica: Int, _ end: ReplicaEnd, _ now: Duration, _ actions: inout [Action]) {
    let slot = slots[replica - 1]
    guard slot.state != nil else { return }
    slots[replica - 1] = .empty
    downSince[replica] = nil
    switch slot {
    case .empty, .waiting: return
    case .ending: actions.append(change(replica, end.state, "it was told to end: \(end.words)"))
    case .dying(let reason, let startsAgain):
      actions.append(change(replica, end.state, reason))
      if startsAgain { failed(replica, readySince: nil, now) }
    case .starting:
      actions.append(change(replica, end.state, "it ended before it was ready: \(end.words)"))
      failed(replica, readySince: nil, now)
    case .ready(let since):
      actions += [.slot(replica, .maint), change(replica, end.state, "it ended by itself: \(end.words)")]
      failed(replica, readySince: since, now)
    case .draining:
      actions += [
        .slot(replica, .maint), change(replica, end.state, "it ended while it drained: \(end.words)"),
      ]
    }
  }

  /// Has a replica started again, now or later.
  private mutating func failed(_ replica: Int, readySince: Duration?, _ now: Duration) {
    if let readySince, now - readySince >= ReplicaDefaults.steadyTime { failures[replica] = nil }
    let count = failures[replica, default: 0] + 1
    failures[replica] = count
    slots[replica - 1] = .waiting(until: now + Self.backOff(after: count))
  }

  /// How long a replica that has ended so often in a row waits until it is started again.
  package static func backOff(after failures: Int) -> Duration {
    guard failures > 1 else { return .zero }
    // The longest is reached long before the shift is.
    let doubled = ReplicaDefaults.firstBackOff * (1 << min(failures - 2, 20))
    return min(doubled, ReplicaDefaults.longestBackOff)
  }

  private mutating func terminate(_ replica: Int, _ now: Duration, _ actions: inout [Action]) {
    slots[replica - 1] = .ending(since: now)
    actions += [.slot(replica, .maint), .terminate(replica)]
  }

  private mutating func kill(
    _ replica: Int, because reason: String, startsAgain: Bool, _ actions: inout [Action]
  ) {
    slots[replica - 1] = .dying(reason: reason, startsAgain: startsAgain)
    downSince[replica] = nil
    actions.append(.kill(replica))
  }

  /// What has taken longer than it may.
  private mutating func expire(at now: Duration, _ actions: inout [Action]) {
    for replica in 1...slots.count {
      switch slots[replica - 1] {
      case .starting(let since) where now - since >= limits.start:
        kill(
          replica, because: "it was not ready after \(limits.start.components.seconds) s", startsAgain: true,
          &actions)
      case .draining(let since) where now - since >= limits.drain: terminate(replica, now, &actions)
      case .ending(let since) where now - since >= limits.exit:
        kill(
          replica, because: "it did not end within \(limits.exit.components.seconds) s", startsAgain: false,
          &actions)
      default: break
      }
    }
  }

  private mutating func balance(at now: Duration, _ actions: inout [Action]) {
    var count = slots.count(where: \.counts)
    // Those that wait or start serve nobody yet, and so go first; then those with the highest numbers, so that the others stay warm.
    for goes in [Slot.isWaiting, Slot.isStarting, Slot.isReady] {
      for replica in stride(from: slots.count, through: 1, by: -1)
      where count > wanted && goes(slots[replica - 1]) {
        release(replica, now, &actions)
        count -= 1
      }
    }
    // One that drains is the fastest to be had.
    for replica in 1...slots.count where count < wanted {
      guard case .draining = slots[replica - 1] else { continue }
      slots[replica - 1] = .ready(since: now)
      actions += [.slot(replica, .ready), change(replica, .ready, "it is wanted again")]
      count += 1
    }
    for replica in 1...slots.count where count < wanted && slots[replica - 1] == .empty {
      start(replica, now, "it is wanted", &actions)
      count += 1
    }
    for replica in 1...slots.count {
      guard case .waiting(let until) = slots[replica - 1], until <= now else { continue }
      restarts += 1
      start(replica, now, "it is started again", &actions)
    }
  }

  private mutating func start(_ replica: Int, _ now: Duration, _ reason: String, _ actions: inout [Action]) {
    slots[replica - 1] = .starting(since: now)
    actions += [.start(replica), change(replica, .starting, reason)]
  }

  private mutating func release(_ replica: Int, _ now: Duration, _ actions: inout [Action]) {
    switch slots[replica - 1] {
    case .waiting: slots[replica - 1] = .empty
    case .starting: terminate(replica, now, &actions)
    default:
      slots[replica - 1] = .draining(since: now)
      actions += [.slot(replica, .drain), change(replica, .draining, "fewer are wanted")]
    }
  }

  private func change(_ replica: Int, _ state: ReplicaState, _ reason: String) -> Action {
    .changed(ReplicaTransition(replica: replica, state: state, reason: reason))
  }
}

extension ReplicaBoard.Slot {
  /// Of a replica that has a process.
  fileprivate var state: ReplicaState? {
    switch self {
    case .empty, .waiting: nil
    case .starting: .starting
    case .ready: .ready
    case .draining, .ending, .dying: .draining
    }
  }

  /// Whether it is one of those that are wanted.
  fileprivate var counts: Bool {
    Self.isWaiting(self) || Self.isStarting(self) || Self.isReady(self) || startsAgain
  }

  private var startsAgain: Bool {
    if case .dying(_, true) = self { true } else { false }
  }

  fileprivate static func isWaiting(_ slot: Self) -> Bool {
    if case .waiting = slot { true } else { false }
  }

  fileprivate static func isStarting(_ slot: Self) -> Bool {
    if case .starting = slot { true } else { false }
  }

  fileprivate static func isReady(_ slot: Self) -> Bool {
    if case .ready = slot { true } else { false }
  }
}
