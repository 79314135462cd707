import Telemetry

/// The deliveries of many devices merged by (the time at which they leave, device index): a binary heap that holds the next
/// delivery of each device, so one costs the logarithm of the number of devices and memory does not grow with the run.
public struct OrderedDeliveries: Sendable {
  private struct Head {
    let due: Timestamp
    let device: Int

    func precedes(_ other: Head) -> Bool {
      due == other.due ? device < other.device : due < other.due
    }
  }

  private var streams: [DeliveryStream]
  private var deliveries: [Delivery?]
  private var heap: [Head] = []

  init(_ streams: [DeliveryStream]) {
    self.streams = streams
    deliveries = Array(repeating: nil, count: streams.count)
    for device in streams.indices {
      guard let delivery = self.streams[device].next() else { continue }
      deliveries[device] = delivery
      heap.append(Head(due: delivery.due, device: device))
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  /// The next delivery with the index of its device in ``MessageSource/deviceIDs``.
  public mutating func next() -> (delivery: Delivery, device: Int)? {
    guard let device = heap.first?.device, let delivery = deliveries[device] else { return nil }
    let following = streams[device].next()
    deliveries[device] = following
    if let following {
      heap[0] = Head(due: following.due, device: device)
    } else {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
    return (delivery, device)
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
