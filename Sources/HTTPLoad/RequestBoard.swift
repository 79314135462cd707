/// A request of the plan, on its way to a connection or over one.
package struct PlannedRequest: Hashable, Sendable {
  package var number: Int
  /// From 0.
  package var stage: Int
  /// When it was to be sent, and when the generator took it up, in nanoseconds of the same clock.
  package var planned: Int64
  package var taken: Int64
  /// Since when it waits: for a connection from the planned send on, for its answer from the real one.
  package var since: Int64
  /// Whether it waited because no connection was free.
  package var hasWaited = false
  /// Whether it has left.
  package var wasSent = false
  /// Whether it has been sent before, over a connection that had just been closed.
  package var isResent = false

  package init(number: Int, stage: Int, planned: Int64, taken: Int64) {
    self.number = number
    self.stage = stage
    self.planned = planned
    self.taken = taken
    since = planned
  }
}

/// Which request goes over which connection, and when there is none: a value that is told what happens and says what is to be done. It
/// knows no sockets and no clock. Times are nanoseconds of one clock.
///
/// Each connection carries one request at a time. A request takes the connection that has been free for longest, so that none of them
/// lies idle until the server closes it; where none is free, requests wait in the order of the plan.
package struct RequestBoard: Sendable {
  /// What is to be done.
  package enum Action: Hashable, Sendable {
    /// Begin to open this connection.
    case open(Int)
    /// Close it; nothing of what it may still bring counts.
    case close(Int)
    case send(PlannedRequest, on: Int)
    /// The request has come to an end without an answer.
    case fail(PlannedRequest, RequestFailure)
  }

  private enum State: Sendable {
    /// Not before this time.
    case closed(until: Int64)
    case opening(since: Int64)
    /// Free since then; the turn tells its entry in the line of free connections from older ones.
    case free(since: Int64, turn: Int)
    case busy(PlannedRequest, freeSince: Int64)
  }

  private struct Connection: Sendable {
    var state = State.closed(until: .min)
    /// Answers since it was opened.
    var answers = 0
    var wasOpenBefore = false
  }

  private var connections: [Connection]
  private let timeout: Int64
  private var waiting = WaitingLine<PlannedRequest>()
  /// Requests that are sent again, before all that wait.
  private var again = WaitingLine<PlannedRequest>()
  private var free = WaitingLine<(connection: Int, turn: Int)>()
  private var actions = WaitingLine<Action>()
  private var turn = 0
  private var opening = 0
  /// Connections that are open, free or not.
  package private(set) var open = 0
  /// Requests on their way.
  package private(set) var sent = 0

  /// Requests that found no free connection.
  package private(set) var waits = 0
  /// Requests sent again because the server had just closed their connection.
  package private(set) var resends = 0
  /// Connections opened again after they had been closed.
  package private(set) var reopened = 0

  /// - Parameters:
  ///   - connections: How many there are, at least 1.
  ///   - timeout: How long a request waits for a connection, and then for its answer. Not both together: while there are too many
  ///     requests, each would be sent when its time is nearly up, and no answer would be in time.
  package init(connections: Int, timeout: Int64) {
    self.connections = Array(repeating: Connection(), count: connections)
    self.timeout = timeout
  }

  /// What is to be done next; nil where nothing is.
  package mutating func nextAction() -> Action? { actions.popFirst() }

  /// Requests that wait for a connection.
  package var backlog: Int { waiting.count + again.count }
  /// Whether every request that was taken up has come to its end.
  package var isIdle: Bool { sent == 0 && backlog == 0 }

  // MARK: - What happens

  /// A request is due.
  package mutating func take(_ request: PlannedRequest, at now: Int64) {
    var request = request
    if backlog == 0, let connection = nextFree() {
      send(request, on: connection, at: now)
      return
    }
    request.hasWaited = true
    waits += 1
    guard backlog < HTTPLoadDefaults.mostWaiting else {
      actions.append(.fail(request, .connection))
      return
    }
    waiting.append(request)
  }

  /// A connection is open, and can take a request.
  package mutating func opened(_ index: Int, at now: Int64) {
    guard case .opening = connections[index].state else { return }
    opening -= 1
    open += 1
    connections[index].answers = 0
    if connections[index].wasOpenBefore { reopened += 1 }
    connections[index].wasOpenBefore = true
    makeFree(index, at: now)
    openMore(at: now)
  }

  /// A connection could not be opened.
  package mutating func openingFailed(_ index: Int, at now: Int64) {
    guard case .opening = connections[index].state else { return }
    opening -= 1
    connections[index].state = .closed(until: now + HTTPLoadDefaults.reopenPause)
    actions.append(.close(index))
  }

  /// The answer to the request of a connection has come; the request is over, and was this one.
  ///
  /// - Parameter closes: Whether the connection ends behind it.
  package mutating func answered(_ index: Int, closes: Bool, at now: Int64) -> PlannedRequest? {
    guard case .busy(let request, _) = connections[index].state else { return nil }
    sent -= 1
    connections[index].answers += 1
    if closes {
      open -= 1
      close(index, reopenAt: now)
      openMore(at: now)
    } else {
      makeFree(index, at: now)
    }
    return request
  }

  /// A connection has ended, or is of no more use.
  ///
  /// - Parameters:
  ///   - hasBegun: Whether a part of an answer had come.
  ///   - failure: What becomes of its request, unless that can be sent again.
  package mutating func broke(
    _ index: Int, hasBegun: Bool, as failure: RequestFailure = .connection, at now: Int64
  ) {
    switch connections[index].state {
    case .closed: return
    case .opening: return openingFailed(index, at: now)
    case .free:
      open -= 1
      // One that never carried a request may be closed again as soon as it is open.
      close(index, reopenAt: connections[index].answers > 0 ? now : now + HTTPLoadDefaults.reopenPause)
    case .busy(var request, let freeSince):
      open -= 1
      sent -= 1
      // Servers close connections that lie idle, and the request may have crossed that. To score is idempotent (RFC 9110, 9.2.2).
      let wasKept = connections[index].answers > 0 || now - freeSince >= HTTPLoadDefaults.idle
      if failure == .connection, wasKept, !hasBegun, !request.isResent {
        request.isResent = true
        request.since = now
        resends += 1
        again.append(request)
      } else {
        actions.append(.fail(request, failure))
      }
      close(index, reopenAt: connections[index].answers > 0 ? now : now + HTTPLoadDefaults.reopenPause)
    }
    openMore(at: now)
    dispatch(at: now)
  }

  /// To be called now and then, and at the beginning: opens connections, and ends what has run out of time.
  package mutating func sweep(at now: Int64) {
    while let request = waiting.first, now - request.since >= timeout { fail(waiting.popFirst(), at: now) }
    while let request = again.first, now - request.since >= timeout { fail(again.popFirst(), at: now) }
    for index in connections.indices {
      switch connections[index].state {
      case .busy(let request, _) where now - request.since >= timeout:
        // The answer may still come, and must not be taken for that of the next request.
        broke(index, hasBegun: true, as: .timeout, at: now)
      case .opening(let since) where now - since >= timeout: openingFailed(index, at: now)
      default: break
      }
    }
    openMore(at: now)
  }

  /// Lets go of all requests, and returns those that had been taken up and had no answer.
  package mutating func abandon() -> [PlannedRequest] {
    var requests: [PlannedRequest] = []
    for index in connections.indices {
      if case .busy(let request, _) = connections[index].state {
        requests.append(request)
        open -= 1
        sent -= 1
        close(index, reopenAt: .max)
      }
    }
    while let request = again.popFirst() { requests.append(request) }
    while let request = waiting.popFirst() { requests.append(request) }
    return requests
  }

  // MARK: - What follows

  private mutating func fail(_ request: PlannedRequest?, at now: Int64) {
    guard let request else { return }
    // Where no connection is open, none would have become free.
    actions.append(.fail(request, open == 0 ? .connection : .timeout))
  }

  private mutating func send(_ request: PlannedRequest, on index: Int, at now: Int64) {
    var request = request
    request.wasSent = true
    request.since = now
    var freeSince = now
    if case .free(let since, _) = connections[index].state { freeSince = since }
    connections[index].state = .busy(request, freeSince: freeSince)
    sent += 1
    actions.append(.send(request, on: index))
  }

  private mutating func makeFree(_ index: Int, at now: Int64) {
    turn += 1
    connections[index].state = .free(since: now, turn: turn)
    free.append((index, turn))
    dispatch(at: now)
  }

  /// Gives requests that wait to connections that are free.
  private mutating func dispatch(at now: Int64) {
    while backlog > 0, let index = nextFree() {
      guard let request = again.popFirst() ?? waiting.popFirst() else { return }
      send(request, on: index, at: now)
    }
  }

  /// The connection that has been free for longest, which is then no longer in the line.
  private mutating func nextFree() -> Int? {
    while let entry = free.popFirst() {
      if case .free(_, let turn) = connections[entry.connection].state, turn == entry.turn {
        return entry.connection
      }
    }
    return nil
  }

  private mutating func close(_ index: Int, reopenAt: Int64) {
    connections[index].state = .closed(until: reopenAt)
    actions.append(.close(index))
  }

  /// Opens what is closed and may be opened, a few at a time.
  private mutating func openMore(at now: Int64) {
    // Where all are open or under way, there is nothing to look for.
    guard open + opening < connections.count else { return }
    for index in connections.indices where opening < HTTPLoadDefaults.mostOpening {
      guard case .closed(let until) = connections[index].state, until <= now else { continue }
      connections[index].state = .opening(since: now)
      opening += 1
      actions.append(.open(index))
    }
  }
}

/// A line in which the first is served first.
struct WaitingLine<Element: Sendable>: Sendable {
  private var elements: [Element] = []
  private var begin = 0

  var count: Int { elements.count - begin }
  var first: Element? { begin < elements.count ? elements[begin] : nil }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard begin < elements.count else { return nil }
    defer {
      begin += 1
      if begin == elements.count {
        elements.removeAll(keepingCapacity: true)
        begin = 0
      } else if begin >= 1024, begin * 2 >= elements.count {
        // Half of it is gone: as many moves as there were elements served.
        elements.removeFirst(begin)
        begin = 0
      }
    }
    return elements[begin]
  }
}
