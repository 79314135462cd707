/// What is to happen, in order of time; of the same time, in the order in which it was put in. A binary heap.
struct EventQueue<Event: Sendable>: Sendable {
  private struct Entry: Sendable {
    var at: Int64
    var number: Int
    var event: Event

    func isBefore(_ other: Entry) -> Bool { (at, number) < (other.at, other.number) }
  }

  private var heap: [Entry] = []
  private var nextNumber = 0

  var isEmpty: Bool { heap.isEmpty }

  /// When the next event happens, in nanoseconds; nil where none does.
  var next: Int64? { heap.first?.at }

  mutating func add(_ event: Event, at: Int64) {
    let entry = Entry(at: at, number: nextNumber, event: event)
    nextNumber += 1
    heap.append(entry)
    // One check that the heap is nobody else's, and not one a step.
    heap.withUnsafeMutableBufferPointer { heap in
      var index = heap.count - 1
      while index > 0 {
        let parent = (index - 1) / 2
        guard entry.isBefore(heap[parent]) else { break }
        heap[index] = heap[parent]
        index = parent
      }
      heap[index] = entry
    }
  }

  /// Takes the next event out; nil where there is none.
  mutating func take() -> (at: Int64, event: Event)? {
    guard let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return (last.at, last.event) }
    return heap.withUnsafeMutableBufferPointer { heap in
      let first = heap[0]
      var index = 0
      while true {
        var child = 2 * index + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
        guard heap[child].isBefore(last) else { break }
        heap[index] = heap[child]
        index = child
      }
      heap[index] = last
      return (first.at, first.event)
    }
  }
}
