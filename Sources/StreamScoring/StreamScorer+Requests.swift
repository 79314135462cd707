import CLinux
import Foundation
import Supervision
import Wording

/// Sending and receiving.
extension StreamScorer {
  /// Moves a connection on: gives it a request, sends it, or gives one up that takes too long.
  func advance(_ place: Int) {
    let slot = slots[place]
    let now = ContinuousClock.now
    switch slot.state {
    case .pausing(let until) where now >= until: slot.state = .free
    case .sent(let since) where now - since > StreamDefaults.requestTimeout,
      .opening(let since) where now - since > StreamDefaults.requestTimeout:
      return tryAgain(place, "no answer within \(Int(StreamDefaults.requestTimeout.seconds)) s")
    default: break
    }
    // After a fatal answer nothing more is asked.
    guard slot.state == .free, fatal == nil else { return }
    if slot.work == nil {
      guard let rows = queue.take(settings.maxBatchCount) else { return }
      requests += 1
      slot.work = StreamSlot.Work(rows: rows, id: "\(getpid())-\(requests)")
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
    if work.sends > 0 { progress.retries += 1 }
    slot.work?.sends += 1
    slot.connection.request = request.bytes(work.rows, id: work.id)
    slot.connection.begin(0, at: 0)
    slot.state = .sent(at: .now)
    // What the other side has closed meanwhile shows when its answer is read.
    if slot.connection.write(poller: poller, place: place) == .failed { receive(place, isLast: true) }
    CrashPoint.streamSent.pass()
  }

  /// Waits for events, but not beyond the next thing to do.
  func wait() {
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
    // The other side need not keep a connection while its answer is waited out.
    if case .pausing = slot.state { return }
    if case .sent = slot.state { progress.failedFunctionRequests += 1 }
    let pause = slot.work?.backoff.fail(retryAfter: retryAfter) ?? .zero
    let failures = slot.work?.backoff.failures ?? 0
    // Of many in a row, fewer and fewer are told.
    if failures & (failures - 1) == 0 {
      notice("\(reason); trying again in \(pause.milliseconds) ms, as often as it takes")
    }
    slot.state = .pausing(until: .now + pause)
  }
}
