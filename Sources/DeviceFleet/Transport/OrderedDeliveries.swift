import Telemetry

/// The deliveries of many devices merged by (the time at which they leave, device index): a binary heap that holds when the
/// next delivery of each device leaves, so one costs the logarithm of the number of devices and memory does not grow with the
/// run. A delivery is made when its turn comes; where its time is not known before, it is made ahead and kept.
package struct OrderedDeliveries: Sendable {
  private struct Head {
    let due: Timestamp
    let device: Int

    func precedes(_ other: Head) -> Bool {
      due == other.due ? device < other.device : due < other.due
    }
  }

  private var streams: [DeliveryStream]
  /// Those made ahead, by device.
  private var made: [Int: Delivery] = [:]
  private var heap: [Head] = []

  init(_ streams: [DeliveryStream]) {
    self.streams = streams
    heap.reserveCapacity(streams.count)
    for device in streams.indices {
      if let due = nextDue(device) { heap.append(Head(due: due, device: device)) }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  /// The next delivery with the index of its device in ``MessageSource/deviceIDs``.
  package mutating func next() -> (delivery: Delivery, device: Int)? {
    guard let device = heap.first?.device,
      let delivery = made.removeValue(forKey: device) ?? streams[device].next()
    else { return nil }
    if let following = nextDue(device) {
      heap[0] = Head(due: following, device: device)
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
    return (delivery, device)
  }

  private mutating func nextDue(_ device: Int) -> Timestamp? {
    if streams[device].foresees { return streams[device].due }
    made[device] = streams[device].next()
    return made[device]?.due
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
