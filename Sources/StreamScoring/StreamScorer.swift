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
  let settings: StreamSettings
  private let store: StreamScoreStore
  let request: StreamRequest
  let addresses: [LoadAddress]
  let notice: (String) -> Void
  let poller: Int32
  let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 64)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  private var builder: StreamRowBuilder
  var queue: StreamQueue
  var progress: StreamProgress
  let slots: [StreamSlot]
  /// Outcomes that are not stored yet, and since when there are some.
  private var outcomes: [StreamScoreStore.Outcome] = []
  private var outcomesSince: ContinuousClock.Instant?
  /// Batches up to this one may have rows of an earlier life.
  private let knownAtStart: Int64
  private var nextRead = ContinuousClock.now
  private var nextTell = ContinuousClock.now
  var requests = 0
  /// Why it has to end.
  var fatal: String?

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
    queue = StreamQueue(after: progress.batch, hasWindowsOnce: settings.script != nil)
    slots = (0..<settings.parallelRequests).map { _ in StreamSlot() }
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else {
      throw StreamError("no epoll: \(String(cString: strerror(errno)))", .unavailable)
    }
  }

  /// Rows that wait in memory, beside those under way.
  package var waitingRows: Int { queue.waiting }

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
      for batch in batches where queue.waiting < StreamDefaults.queuedRows { try add(batch) }
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
      rows.groups.flatMap(\.rows).map { ($0.key, $0.batch) } + rows.failures.map { ($0.key, $0.batch) })
    guard !stored.isEmpty else { return }
    for index in rows.groups.indices { rows.groups[index].rows.removeAll { stored.contains($0.key) } }
    rows.groups.removeAll(where: \.rows.isEmpty)
    rows.failures.removeAll { stored.contains($0.key) }
  }

  func note(_ some: [StreamScoreStore.Outcome]) {
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
