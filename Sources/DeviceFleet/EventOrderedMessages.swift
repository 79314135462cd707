import Telemetry

/// The messages of many devices merged by (timestamp, device index): a binary heap that holds the next message of each
/// device, so a message costs the logarithm of the number of devices and memory does not grow with the run.
public struct EventOrderedMessages: Sequence, IteratorProtocol, Sendable {
  private struct Head {
    let timestamp: Timestamp
    let device: Int

    func precedes(_ other: Head) -> Bool {
      timestamp == other.timestamp ? device < other.device : timestamp < other.timestamp
    }
  }

  private var streams: [MessageStream]
  private var messages: [Message?]
  private var heap: [Head] = []

  init(_ streams: [MessageStream]) {
    self.streams = streams
    messages = Array(repeating: nil, count: streams.count)
    for device in streams.indices {
      messages[device] = self.streams[device].next()
      if let message = messages[device] { heap.append(Head(timestamp: message.timestamp, device: device)) }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  public mutating func next() -> Message? {
    nextWithDevice()?.message
  }

  /// The next message with the index of its device in ``MessageSource/deviceIDs``.
  public mutating func nextWithDevice() -> (message: Message, device: Int)? {
    guard let device = heap.first?.device, let message = messages[device] else { return nil }
    messages[device] = streams[device].next()
    if let following = messages[device] {
      heap[0] = Head(timestamp: following.timestamp, device: device)
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
    return (message, device)
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
