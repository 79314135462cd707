/// Publications that wait for their acknowledgement, in the order in which they were published.
struct UnderWay {
  /// From the first that waits on; those after it may have been acknowledged already.
  private var dues: [(due: Int64, isFinished: Bool)] = []
  /// Where in ``dues`` the first is.
  private var head = 0
  /// The number of the first entry of ``dues``.
  private var base = 0

  /// The due time of the first that waits; nil where none does.
  var oldest: Int64? { head < dues.count ? dues[head].due : nil }

  /// Notes a publication, and returns its number.
  mutating func begin(_ due: Int64) -> Int {
    dues.append((due, false))
    return base + dues.count - 1
  }

  /// Notes the acknowledgement of a publication.
  mutating func finish(_ number: Int) {
    dues[number - base].isFinished = true
    while head < dues.count, dues[head].isFinished { head += 1 }
    // What is over goes in large pieces: each entry is moved once.
    guard head == dues.count || head > 4096 && head > dues.count / 2 else { return }
    dues.removeFirst(head)
    base += head
    head = 0
  }
}
