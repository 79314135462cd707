import CLinux
import Foundation
import HTTPLoad
import Supervision
import Telemetry
import WindowStore
import Wording

/// Scores the windows of a store as they close: reads what has closed, sends it to a scoring service, stores the scores.
///
/// One thread, and sockets that do not block. What is kept in memory is bounded; the store itself is the queue, so nothing is lost and nothing
/// is scored twice whatever dies. Used from one thread.
package final class StreamScorer {
  /// A request that is to be answered, however often it is sent.
  private struct Work {
    var rows: StreamRequestRows
    var id: String
    var backoff = Backoff()
  }

  /// One connection, and the request that it carries.
  private final class Slot {
    enum State: Equatable {
      case free
      case opening(since: ContinuousClock.Instant)
      case sent(at: ContinuousClock.Instant)
      case pausing(until: ContinuousClock.Instant)
    }

    let connection = LoadConnection()
    var work: Work?
    var state = State.free
  }

  private let settings: StreamSettings
  private let store: StreamScoreStore
  private let request: StreamRequest
  private let addresses: [LoadAddress]
  private let notice: (String) -> Void
  private let poller: Int32
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 64)
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  private var builder: StreamRowBuilder
  private var queue: StreamQueue
  private var progress: StreamProgress
  private let slots: [Slot]
  /// Outcomes that are not stored yet, and since when there are some.
  private var outcomes: [StreamScoreStore.Outcome] = []
  private var outcomesSince: ContinuousClock.Instant?
  /// Batches up to this one may have rows of an earlier life.
  private let knownAtStart: Int64
  private var nextRead = ContinuousClock.now
  private var nextTell = ContinuousClock.now
  private var requests = 0
  /// Why it has to end.
  private var fatal: String?

  /// - Parameters:
  ///   - notice: Told what a person should read, such as that the service does not answer.
  /// - Throws: `StoreError`, `HTTPLoadError`, ``StreamError``.
  package init(
    _ settings: StreamSettings, _ scorer: StreamRowBuilder.Scorer, store path: String, key: String?,
    notice: @escaping (String) -> Void
  ) throws {
    if let fault = settings.fault { throw StreamError(fault, .usage) }
    let target = try LoadTarget(settings.service)
    self.settings = settings
    self.notice = notice
    request = StreamRequest(target, key: key, sendsWindows: settings.script != nil)
    addresses = try LoadAddress.all(of: target.place)
    store = try StreamScoreStore(path: path)
    builder = StreamRowBuilder(scorer)
    var progress = try store.progress()
    progress.failure = nil
    self.progress = progress
    knownAtStart = try store.newestBatch()
    queue = StreamQueue(after: progress.batch)
    slots = (0..<settings.parallelRequests).map { _ in Slot() }
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else {
      throw StreamError("no epoll: \(String(cString: strerror(errno)))", .unavailable)
    }
  }

  deinit {
    for slot in slots { slot.connection.close() }
    if poller >= 0 { close(poller) }
    events.deallocate()
    buffer.deallocate()
  }

  /// Scores until `stop` is set, or, once `isEnded` says that nothing more closes, until everything has its row. Throws ``StreamError`` where an
  /// answer is fatal, and `StoreError`.
  ///
  /// - Parameter observe: Told now and then how far it is.
  package func run(until stop: StopFlag, isEnded: () -> Bool, observe: (StreamEvent) -> Void) throws {
    while !stop.isSet {
      // Asked before reading: what closed before the end is then seen.
      let isEnded = isEnded()
      try read(force: isEnded)
      for place in slots.indices { advance(place) }
      try flush(force: queue.isEmpty)
      if let fatal {
        progress.failure = fatal
        try flush(force: true)
        throw StreamError(fatal)
      }
      try tell(observe)
      if isEnded, queue.isEmpty, try store.newestBatch() <= queue.lastAdded { break }
      wait()
    }
    try flush(force: true)
    CrashPoint.streamDrained.pass()
    if !stop.isSet { observe(.drained(try state())) }
    try store.close()
  }

  // MARK: - Reading

  /// Reads what has closed, as far as there is room for it.
  private func read(force: Bool) throws {
    let now = ContinuousClock.now
    guard force || now >= nextRead else { return }
    nextRead = now + StreamDefaults.readPause
    while queue.waiting < StreamDefaults.queuedRows {
      let batches = try store.batches(after: queue.lastAdded, limit: StreamDefaults.batchesPerRead)
      guard !batches.isEmpty else { return }
      for batch in batches { try add(batch) }
      CrashPoint.streamRead.pass()
    }
  }

  private func add(_ batch: StreamScoreStore.ClosedBatch) throws {
    if let from = settings.from, batch.visibleFrom <= from {
      return queue.add([], of: batch.id, visibleFrom: batch.visibleFrom)
    }
    var groups: [[String]: [StreamRow]] = [:]
    var order: [[String]] = []
    for device in batch.devices {
      guard let windows = try store.windows(of: device, in: batch, columns: builder.columns) else { continue }
      var rows = builder.rows(of: windows, in: batch)
      if batch.id <= knownAtStart { try removeStored(&rows) }
      for group in rows.groups {
        if groups[group.columns] == nil { order.append(group.columns) }
        groups[group.columns, default: []] += group.rows
      }
      note(rows.failures)
    }
    queue.add(
      order.map { StreamRequestRows(columns: $0, rows: groups[$0] ?? []) }, of: batch.id,
      visibleFrom: batch.visibleFrom)
  }

  /// Leaves out what an earlier life has stored.
  private func removeStored(_ rows: inout StreamRowBuilder.Rows) throws {
    let stored = try store.stored(
      rows.groups.flatMap(\.rows).map { ($0.key, $0.visibleFrom) }
        + rows.failures.map { ($0.key, $0.visibleFrom) })
    guard !stored.isEmpty else { return }
    for index in rows.groups.indices { rows.groups[index].rows.removeAll { stored.contains($0.key) } }
    rows.groups.removeAll(where: \.rows.isEmpty)
    rows.failures.removeAll { stored.contains($0.key) }
  }

  private func note(_ some: [StreamScoreStore.Outcome]) {
    guard !some.isEmpty else { return }
    if outcomes.isEmpty { outcomesSince = .now }
    outcomes += some
  }

  // MARK: - Writing

  /// Stores the outcomes that there are, when there are enough, or when the first has waited long enough.
  private func flush(force: Bool) throws {
    let isDue = outcomesSince.map { ContinuousClock.now - $0 >= StreamDefaults.commitPause } ?? false
    guard outcomes.count >= StreamDefaults.rowsPerCommit || isDue || (force && hasNews) else { return }
    progress.batch = queue.progress
    let deadline = ContinuousClock.now + StreamDefaults.storeRetryFor
    while true {
      do {
        try store.commit(outcomes, progress, at: Timestamp(milliseconds: Self.wallMilliseconds))
        break
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        notice("cannot store, trying again: \(error)")
        Thread.sleep(forTimeInterval: 0.2)
      }
    }
    stored = progress
    outcomes.removeAll(keepingCapacity: true)
    outcomesSince = nil
  }

  private var stored: StreamProgress?
  private var hasNews: Bool {
    var now = progress
    now.batch = queue.progress
    return !outcomes.isEmpty || now != stored
  }

  private static var wallMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  // MARK: - Requests

  /// Moves a connection on: gives it a request, sends it, or gives one up that takes too long.
  private func advance(_ place: Int) {
    let slot = slots[place]
    let now = ContinuousClock.now
    switch slot.state {
    case .pausing(let until) where now >= until: slot.state = .free
    case .sent(let since) where now - since > StreamDefaults.requestTimeout,
      .opening(let since) where now - since > StreamDefaults.requestTimeout:
      return tryAgain(place, "no answer within \(Int(StreamDefaults.requestTimeout.seconds)) s")
    default: break
    }
    guard slot.state == .free else { return }
    if slot.work == nil {
      guard let rows = queue.take(settings.maxBatchCount) else { return }
      requests += 1
      slot.work = Work(rows: rows, id: "\(getpid())-\(requests)")
    }
    if slot.connection.descriptor >= 0 { return send(place) }
    let address = addresses[(slot.work?.backoff.failures ?? 0) % max(1, addresses.count)]
    if slot.connection.open(address, poller: poller, place: place) {
      slot.state = .opening(since: now)
    } else {
      tryAgain(place, "cannot connect: \(String(cString: strerror(errno)))")
    }
  }

  private func send(_ place: Int) {
    let slot = slots[place]
    guard let work = slot.work else { return }
    progress.functionRequests += 1
    progress.functionEvents += work.rows.rows.count
    if work.backoff.failures > 0 { progress.retries += 1 }
    slot.connection.request = request.bytes(work.rows, id: work.id)
    slot.connection.begin(0, at: 0)
    slot.state = .sent(at: .now)
    // What the other side has closed meanwhile shows when its answer is read.
    if slot.connection.write(poller: poller, place: place) == .failed { receive(place, isLast: true) }
    CrashPoint.streamSent.pass()
  }

  /// Waits for events, but not beyond the next thing to do.
  private func wait() {
    let count = linux_epoll_wait(
      poller, events.baseAddress, Int32(events.count),
      StreamDefaults.readPause.components.attoseconds / 1_000_000_000)
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let event = events[index]
      let place = Int(event.data.u64 & 0xFFFF_FFFF)
      let connection = slots[place].connection
      guard connection.descriptor >= 0, UInt64(connection.generation) == event.data.u64 >> 32 else {
        continue
      }
      handle(event.events, place)
    }
  }

  private func handle(_ event: UInt32, _ place: Int) {
    let slot = slots[place]
    if slot.connection.isOpening {
      let failure = slot.connection.finishOpening(poller: poller, place: place)
      if failure == 0 {
        send(place)
      } else {
        tryAgain(place, "cannot connect: \(String(cString: strerror(failure)))")
      }
      return
    }
    if event & EPOLLOUT.rawValue != 0, slot.connection.write(poller: poller, place: place) == .failed {
      return receive(place, isLast: true)
    }
    if event & ~EPOLLOUT.rawValue != 0 { receive(place, isLast: false) }
  }

  private func receive(_ place: Int, isLast: Bool) {
    let connection = slots[place].connection
    switch connection.read(buffer) {
    case .more: if isLast { tryAgain(place, "the connection broke") }
    case .answer(let closes): answered(place, closes: closes || isLast)
    case .ended: tryAgain(place, "the connection broke")
    case .unreadable: tryAgain(place, "the answer is no HTTP")
    }
  }

  private func answered(_ place: Int, closes: Bool) {
    let slot = slots[place]
    let (head, body) = (slot.connection.parser.answer, slot.connection.parser.body)
    slot.connection.finish()
    if closes { slot.connection.close() }
    guard let work = slot.work, case .sent = slot.state else { return slot.connection.close() }
    guard head.status == 200 else {
      let said = String(decoding: body.prefix(StreamDefaults.toldBytes), as: UTF8.self)
      let reason = "the service answered \(head.status)\(said.isEmpty ? "" : ": \(said.excerpt)")"
      guard !settings.fatalCodes.isFatal(head.status) else {
        progress.failedFunctionRequests += 1
        fatal = fatal ?? "\(reason); by the rules of \(settings.fatalCodes.rawValue) that is fatal"
        slot.work = nil
        slot.state = .free
        return
      }
      return tryAgain(
        place, reason, retryAfter: head.retryAfter.map { .seconds($0) }, keepsConnection: !closes)
    }
    do {
      let answer = try StreamAnswer(
        body, jsonLength: head.jsonLength, id: work.id, count: work.rows.rows.count)
      CrashPoint.streamAnswered.pass()
      note(zip(work.rows.rows, answer.results).map { $0.outcome($1) })
      queue.finish(work.rows.rows)
      if work.backoff.failures > 0 { notice("the service answers again") }
      slot.work = nil
      slot.state = .free
      advance(place)
    } catch {
      progress.failedFunctionRequests += 1
      fatal = fatal ?? "the service answered 200, and \(error)"
    }
  }

  /// The request of a connection was in vain, and is sent again after a pause.
  private func tryAgain(
    _ place: Int, _ reason: String, retryAfter: Duration? = nil, keepsConnection: Bool = false
  ) {
    let slot = slots[place]
    if !keepsConnection { slot.connection.close() }
    guard slot.work != nil else {
      slot.state = .free
      return
    }
    if case .sent = slot.state { progress.failedFunctionRequests += 1 }
    let pause = slot.work?.backoff.fail(retryAfter: retryAfter) ?? .zero
    let failures = slot.work?.backoff.failures ?? 0
    // Of many in a row, fewer and fewer are told.
    if failures & (failures - 1) == 0 {
      notice("\(reason); trying again in \(pause.milliseconds) ms, as often as it takes")
    }
    slot.state = .pausing(until: .now + pause)
  }

  // MARK: - Telling

  private func tell(_ observe: (StreamEvent) -> Void) throws {
    guard ContinuousClock.now >= nextTell else { return }
    nextTell = .now + StreamDefaults.tellPause
    observe(.progress(try state()))
  }

  private func state() throws -> StreamState {
    let unread = try store.closed(after: queue.lastAdded)
    let unreadRows =
      switch settings.script ?? builder.scope {
      case .device: unread.devices
      case .sensor: unread.windows
      }
    var state = StreamState()
    state.functionRequests = progress.functionRequests
    state.functionEvents = progress.functionEvents
    state.failedFunctionRequests = progress.failedFunctionRequests
    state.retries = progress.retries
    state.backloggedWindows = queue.waiting + queue.underWay + unreadRows
    progress.mostBacklogged = max(progress.mostBacklogged, state.backloggedWindows)
    let oldest = [queue.oldestVisible, unread.oldest].compactMap(\.self).min()
    if let oldest, let watermark = try store.fleetWatermark() {
      state.watermarkDelayMs = max(0, (watermark - oldest).milliseconds)
    }
    return state
  }
}
