import CLinux
import Glibc
import Supervision

/// Sends the requests of a plan when they are due and reads their answers: one thread, and sockets that do not block. What is to be done is
/// decided by ``RequestBoard``; this drives it.
package final class LoadGenerator {
  private let plan: ArrivalPlan
  private let requests: RequestWriter
  private let check: AnswerCheck
  private let address: LoadAddress
  private let poller: Int32

  private var board: RequestBoard
  private var connections: [LoadConnection]
  private var account: LoadAccount
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: HTTPLoadDefaults.events)
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: HTTPLoadDefaults.readBytes, alignment: 16)
  private var scratch: [UInt8] = []

  /// - Parameters:
  ///   - address: Where somebody listens.
  ///   - connections: How many are kept open, at least 1.
  ///   - timeout: How long a request waits for a connection, and then for its answer.
  /// - Throws: ``HTTPLoadError``.
  package init(
    _ plan: ArrivalPlan, _ requests: RequestWriter, to address: LoadAddress, connections: Int,
    timeout: Duration
  ) throws(HTTPLoadError) {
    guard (1...HTTPLoadDefaults.mostConnections).contains(connections) else {
      throw HTTPLoadError(
        "a load has 1 to \(HTTPLoadDefaults.mostConnections) connections, not \(connections)")
    }
    guard timeout > .zero, timeout <= HTTPLoadDefaults.longestTimeout else {
      throw HTTPLoadError(
        "a time-out is longer than 0s, and at most \(Int(HTTPLoadDefaults.longestTimeout.seconds))s")
    }
    self.plan = plan
    self.requests = requests
    check = requests.check
    self.address = address
    board = RequestBoard(connections: connections, timeout: timeout.wholeNanoseconds)
    self.connections = (0..<connections).map { _ in LoadConnection() }
    account = LoadAccount(stages: plan.stages.count, start: 0)
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else {
      throw HTTPLoadError("no epoll: \(String(cString: strerror(errno)))", .unavailable)
    }
  }

  deinit {
    for connection in connections { connection.close() }
    if poller >= 0 { close(poller) }
    events.deallocate()
    buffer.deallocate()
  }

  /// Nanoseconds of a clock that never goes back.
  private var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private var cpuNanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  // MARK: - The load

  /// Goes through the plan, once, on this thread. Returns when every request has come to its end, or `stop` is set and the answers that
  /// were under way have come.
  package func run(until stop: StopFlag, progress: LoadProgress = LoadProgress()) -> LoadOutcome {
    linux_exact_timers()
    openConnections(until: stop)
    let start = now + HTTPLoadDefaults.lead
    let cpuBefore = cpuNanoseconds
    account = LoadAccount(stages: plan.stages.count, start: start)
    var arrivals = plan.arrivals
    var next = arrivals.next()
    var nextSweep = start
    var stoppedAt: Int64?
    while true {
      var time = now
      var burst = 0
      while let arrival = next, start + arrival.offset <= time, stoppedAt == nil {
        let request = PlannedRequest(
          number: arrival.number, stage: arrival.stage, planned: start + arrival.offset, taken: time)
        account.taken(request)
        board.take(request, at: time)
        act()
        next = arrivals.next()
        burst += 1
        time = now
        if burst >= HTTPLoadDefaults.burst { break }
      }
      if time >= nextSweep {
        board.sweep(at: time)
        act()
        account.advance(to: time, waiting: board.backlog)
        progress.tell(account, elapsed: time - start, waiting: board.backlog)
        if stoppedAt == nil, stop.isSet { stoppedAt = time }
        nextSweep = time + HTTPLoadDefaults.sweep
      }
      if next == nil || stoppedAt != nil, board.isIdle { break }
      if let stoppedAt, time - stoppedAt >= HTTPLoadDefaults.stopGrace { break }
      let due = stoppedAt == nil ? next.map { start + $0.offset } ?? .max : .max
      wait(until: min(due, nextSweep), from: time)
    }
    let end = now
    for request in board.abandon() { account.unfinished(request) }
    act()
    account.finish(at: end)
    progress.tell(account, elapsed: end - start, waiting: 0)
    return LoadOutcome(
      account: account, isComplete: stoppedAt == nil || next == nil,
      stoppedSeconds: stoppedAt.map { Double($0 - start) / 1e9 } ?? plan.duration.seconds,
      elapsedSeconds: Double(end - start) / 1e9, waits: board.waits, resends: board.resends,
      reopened: board.reopened, cpuSeconds: Double(cpuNanoseconds - cpuBefore) / 1e9)
  }

  /// Opens the connections before the plan begins, so that the first requests do not wait for that.
  private func openConnections(until stop: StopFlag) {
    let deadline = now + HTTPLoadDefaults.opening
    while board.open < connections.count, !stop.isSet {
      let time = now
      guard time < deadline else { return }
      board.sweep(at: time)
      act()
      wait(until: min(deadline, time + HTTPLoadDefaults.sweep), from: time)
    }
  }

  /// Waits for events until a time, and sees to those that came.
  private func wait(until time: Int64, from now: Int64) {
    let count = linux_epoll_wait(poller, events.baseAddress, Int32(events.count), max(0, time - now))
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let event = events[index]
      let place = Int(event.data.u64 & 0xFFFF_FFFF)
      let connection = connections[place]
      // The event may be of a socket that an earlier one of this round has closed.
      guard connection.descriptor >= 0, UInt64(connection.generation) == event.data.u64 >> 32 else {
        continue
      }
      handle(event.events, connection, place)
      act()
    }
  }

  // MARK: - What is to be done

  /// Does what the board says.
  private func act() {
    while let action = board.nextAction() {
      switch action {
      case .open(let place):
        if !connections[place].open(address, poller: poller, place: place) {
          connections[place].close()
          board.openingFailed(place, at: now)
        }
      case .close(let place): connections[place].close()
      case .send(let request, let place): send(request, over: connections[place], place)
      case .fail(let request, let failure):
        account.ended(request, .failed(failure), sentAt: nil, at: now)
      }
    }
  }

  private func send(_ request: PlannedRequest, over connection: LoadConnection, _ place: Int) {
    requests.write(request.number, to: &connection.request, scratch: &scratch)
    let time = now
    connection.begin(request.number, at: time)
    account.sent(request, at: time)
    if connection.write(poller: poller, place: place) == .failed { receive(connection, place, isLast: true) }
  }

  // MARK: - What happens

  private func handle(_ event: UInt32, _ connection: LoadConnection, _ place: Int) {
    if connection.isOpening {
      if connection.finishOpening(poller: poller, place: place) == 0 {
        board.opened(place, at: now)
      } else {
        board.openingFailed(place, at: now)
      }
      return
    }
    if event & EPOLLOUT.rawValue != 0, connection.write(poller: poller, place: place) == .failed {
      return receive(connection, place, isLast: true)
    }
    if event & ~EPOLLOUT.rawValue != 0 { receive(connection, place, isLast: false) }
  }

  /// Reads what has come.
  ///
  /// - Parameter isLast: The connection can no longer be written to. A server that refuses a request before all of it has come answers,
  ///   and closes.
  private func receive(_ connection: LoadConnection, _ place: Int, isLast: Bool) {
    switch connection.read(buffer) {
    case .more: if isLast { board.broke(place, hasBegun: connection.parser.hasBegun, at: now) }
    case .answer(let closes): answered(connection, place, closes: closes || isLast)
    case .ended: board.broke(place, hasBegun: connection.parser.hasBegun, at: now)
    case .unreadable: board.broke(place, hasBegun: true, as: .unreadable, at: now)
    }
  }

  private func answered(_ connection: LoadConnection, _ place: Int, closes: Bool) {
    let time = now
    let outcome = check.outcome(
      of: connection.parser.answer, body: connection.parser.body, id: requests.id(of: connection.number))
    connection.finish()
    guard let request = board.answered(place, closes: closes, at: time) else {
      // An answer that nobody asked for.
      return board.broke(place, hasBegun: true, at: time)
    }
    account.ended(request, outcome, sentAt: connection.sentAt, at: time)
  }
}

extension Duration {
  fileprivate var wholeNanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
