import Telemetry

/// The messages of many devices merged by (the time at which they leave, device index): a binary heap that holds the next message of each
/// device, so a message costs the logarithm of the number of devices and memory does not grow with the run.
public struct EventOrderedMessages: Sequence, IteratorProtocol, Sendable {
  private struct Head {
    let due: Timestamp
    let device: Int

    func precedes(_ other: Head) -> Bool {
      due == other.due ? device < other.device : due < other.due
    }
  }

  private var streams: [MessageStream]
  private var messages: [Message?]
  private var heap: [Head] = []

  init(_ streams: [MessageStream]) {
    self.streams = streams
    messages = Array(repeating: nil, count: streams.count)
    for device in streams.indices {
      guard let (message, due) = self.streams[device].nextWithDue() else { continue }
      messages[device] = message
      heap.append(Head(due: due, device: device))
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  public mutating func next() -> Message? {
    nextWithDevice()?.message
  }

  /// The next message with the index of its device in ``MessageSource/deviceIDs``.
  ///
  /// `due` is when it is meant to leave, which is another time than its own where the device's clock is wrong.
  public mutating func nextWithDevice() -> (message: Message, device: Int, due: Timestamp)? {
    guard let head = heap.first, let message = messages[head.device] else { return nil }
    let device = head.device
    if let (following, due) = streams[device].nextWithDue() {
      messages[device] = following
      heap[0] = Head(due: due, device: device)
    } else {
      messages[device] = nil
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
    return (message, device, head.due)
  }

  private mutating func siftDown(_ start: Int) {
    guard start < heap.count else { return }
    var hole = start
    let moving = heap[start]
    while true {
      var child = 2 * hole + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(moving) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = moving
  }
}
