import CLinux
import Glibc

/// One connection to the service: its socket, the request that is being written, the answer that is being read.
///
/// A class, because the loop keeps each in its place and writes to it in parts; used from one thread.
package final class LoadConnection {
  /// How far a write came.
  package enum Writing { case done, more, failed }
  /// How far a read came.
  package enum Reading {
    /// Nothing more for now.
    case more
    /// The answer is whole. The connection goes on unless it is said to close, or more came than was asked for.
    case answer(closes: Bool)
    /// The connection has ended, or broke.
    case ended
    case unreadable
  }

  /// -1 where there is none.
  package private(set) var descriptor: Int32 = -1
  /// Tells events of this socket from those of an earlier one with the same place.
  package private(set) var generation: UInt32 = 0
  /// When the request was sent.
  var sentAt: Int64 = 0
  /// The number of the request that it carries.
  var number = 0
  package private(set) var isOpening = false

  package private(set) var parser = ResponseParser()
  /// The request, and how much of it has left.
  package var request: [UInt8] = []
  private var written = 0
  private var awaitsWriting = false

  package init() {}

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Begins to connect. False where that failed at once.
  package func open(_ address: LoadAddress, poller: Int32, place: Int) -> Bool {
    descriptor = address.connect()
    guard descriptor >= 0 else { return false }
    generation &+= 1
    isOpening = true
    awaitsWriting = true
    parser.reset()
    written = 0
    return watch(poller, place, isNew: true)
  }

  package func close() {
    guard descriptor >= 0 else { return }
    // The poller forgets it by itself.
    Glibc.close(descriptor)
    descriptor = -1
    isOpening = false
  }

  /// The connection is made, or was refused: 0, or why not.
  package func finishOpening(poller: Int32, place: Int) -> Int32 {
    isOpening = false
    let failure = LoadAddress.pendingError(descriptor)
    guard failure == 0 else { return failure }
    awaitsWriting = false
    return watch(poller, place, isNew: false) ? 0 : errno
  }

  /// Writes what is left of ``request``, as far as the socket takes it.
  package func write(poller: Int32, place: Int) -> Writing {
    while written < request.count {
      let count = request.withUnsafeBytes { bytes in
        send(descriptor, bytes.baseAddress! + written, bytes.count - written, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        written += count
      } else if errno == EAGAIN {
        guard !awaitsWriting else { return .more }
        awaitsWriting = true
        return watch(poller, place, isNew: false) ? .more : .failed
      } else if errno != EINTR {
        return .failed
      }
    }
    guard awaitsWriting else { return .done }
    awaitsWriting = false
    return watch(poller, place, isNew: false) ? .done : .failed
  }

  /// Begins a new request, which ``request`` has.
  package func begin(_ number: Int, at now: Int64) {
    self.number = number
    sentAt = now
    written = 0
    parser.reset()
  }

  /// The answer has been looked at.
  package func finish() { parser.reset() }

  /// Reads what has come, into `buffer`.
  package func read(_ buffer: UnsafeMutableRawBufferPointer) -> Reading {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count < 0 {
        if errno == EINTR { continue }
        return errno == EAGAIN ? .more : .ended
      }
      if count == 0 {
        // The end may be what an answer without a length was waiting for.
        guard parser.hasBegun, (try? parser.end()) != nil, parser.isComplete else { return .ended }
        return .answer(closes: true)
      }
      do throws(ResponseFault) {
        let taken = try parser.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        guard !parser.isComplete else {
          // What nobody asked for would be taken for the next answer. An answer before its request has left whole ends the connection too.
          return .answer(closes: parser.answer.closes || taken < count || written < request.count)
        }
      } catch {
        return .unreadable
      }
      // Most often that was all: another call would only say so.
      if count < buffer.count { return .more }
    }
  }

  private func watch(_ poller: Int32, _ place: Int, isNew: Bool) -> Bool {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | (awaitsWriting ? EPOLLOUT.rawValue : 0)
    event.data.u64 = UInt64(generation) << 32 | UInt64(place)
    return epoll_ctl(poller, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) == 0
  }
}
