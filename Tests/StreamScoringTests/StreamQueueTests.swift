import StreamScoring
import Telemetry
import Testing
import WindowStore

/// What waits to be scored, and how far scoring has come.
@Suite struct StreamQueueTests {
  private static let columns = [["mean"], ["mean", "max"], ["a.mean", "b.mean"]]

  private static func row(_ batch: Int64, _ start: Int64, revision: Int = 1, device: Int64 = 1) -> StreamRow {
    StreamRow(
      batch: batch, device: "d\(device)", sensor: nil,
      key: .init(device: device, sensor: 0, start: Timestamp(milliseconds: start), revision: revision),
      end: Timestamp(milliseconds: start + 60), visibleFrom: Timestamp(milliseconds: batch * 100),
      values: [])
  }

  private static func group(_ columns: Int, _ rows: StreamRow...) -> StreamRequestRows {
    StreamRequestRows(columns: Self.columns[columns], rows: rows)
  }

  private static func add(_ batch: Int64, _ groups: StreamRequestRows..., to queue: inout StreamQueue) {
    queue.add(groups, of: batch, visibleFrom: Timestamp(milliseconds: batch * 100))
  }

  @Test func rowsGoInTheOrderInWhichTheyClosedUpToTheBound() {
    var queue = StreamQueue(after: 6)
    #expect(queue.take(10) == nil && queue.isEmpty && queue.progress == 6 && queue.lastAdded == 6)
    let rows = (0..<5).map { Self.row(7, $0) } + (5..<8).map { Self.row(9, $0) }
    Self.add(7, StreamRequestRows(columns: ["mean"], rows: Array(rows[..<5])), to: &queue)
    Self.add(9, StreamRequestRows(columns: ["mean"], rows: Array(rows[5...])), to: &queue)
    #expect(queue.waiting == 8 && queue.underWay == 0 && queue.lastAdded == 9)
    var sizes: [Int] = []
    var found: [StreamRow] = []
    while let taken = queue.take(3) {
      #expect(taken.columns == ["mean"])
      sizes.append(taken.rows.count)
      found += taken.rows
    }
    // A request may hold rows of two batches.
    #expect(sizes == [3, 3, 2] && found == rows)
    #expect(queue.waiting == 0 && queue.underWay == 8 && !queue.isEmpty)
  }

  /// Rows of other columns are another request, and the ones that have waited longest come first.
  @Test func rowsOfOtherColumnsAreAnotherRequest() {
    var queue = StreamQueue(after: 0)
    Self.add(1, Self.group(0, Self.row(1, 0)), to: &queue)
    Self.add(2, Self.group(1, Self.row(2, 1)), Self.group(0, Self.row(2, 2)), to: &queue)
    Self.add(3, Self.group(1, Self.row(3, 3)), to: &queue)
    #expect(queue.take(1) == Self.group(0, Self.row(1, 0)))
    Self.add(4, Self.group(0, Self.row(4, 4)), to: &queue)
    #expect(queue.take(9) == Self.group(0, Self.row(2, 2), Self.row(4, 4)))
    #expect(queue.take(9) == Self.group(1, Self.row(2, 1), Self.row(3, 3)))
    #expect(queue.take(9) == nil)
  }

  @Test func progressWaitsForTheOldestHoweverAnswersCome() {
    var queue = StreamQueue(after: 0)
    for batch in Int64(1)...4 where batch != 3 {
      Self.add(batch, Self.group(0, Self.row(batch, batch), Self.row(batch, batch + 10)), to: &queue)
    }
    // Nothing of the third is to be scored.
    Self.add(3, to: &queue)
    guard let first = queue.take(3), let second = queue.take(3) else {
      Issue.record("six rows wait")
      return
    }
    #expect(queue.progress == 0 && queue.oldestVisible == Timestamp(milliseconds: 100))
    queue.finish(second.rows)
    #expect(queue.progress == 0 && queue.underWay == 3)
    queue.finish(first.rows)
    #expect(queue.progress == 4 && queue.oldestVisible == nil && queue.isEmpty && queue.underWay == 0)
    // A batch without rows is done at once, but not before those before it.
    Self.add(5, Self.group(0, Self.row(5, 0)), to: &queue)
    Self.add(6, to: &queue)
    #expect(queue.progress == 4 && queue.lastAdded == 6)
    queue.finish(queue.take(1)?.rows ?? [])
    #expect(queue.progress == 6)
  }

  /// A device that was asleep may become visible with less than what waits.
  @Test func theOldestIsByVisibilityAndNotByBatch() {
    var queue = StreamQueue(after: 0)
    queue.add([Self.group(0, Self.row(1, 0))], of: 1, visibleFrom: Timestamp(milliseconds: 500))
    queue.add([Self.group(0, Self.row(2, 0))], of: 2, visibleFrom: Timestamp(milliseconds: 300))
    #expect(queue.oldestVisible == Timestamp(milliseconds: 300))
  }

  /// What scores windows refuses a request with a window twice; that would be fatal, and the rows are sound.
  @Test func noRequestHasAWindowTwiceWhereItMayNot() {
    let rows = [
      Self.row(1, 0), Self.row(1, 0, device: 2), Self.row(1, 60), Self.row(2, 0, revision: 2),
      Self.row(2, 0, revision: 3), Self.row(2, 120),
    ]
    for (hasWindowsOnce, wanted) in [(true, [[0, 1, 2], [3], [4, 5]]), (false, [[0, 1, 2, 3, 4, 5]])] {
      var queue = StreamQueue(after: 0, hasWindowsOnce: hasWindowsOnce)
      queue.add(
        [StreamRequestRows(columns: ["mean"], rows: rows)], of: 2, visibleFrom: Timestamp(milliseconds: 1))
      var found: [[StreamRow]] = []
      while let taken = queue.take(100) { found.append(taken.rows) }
      #expect(found == wanted.map { $0.map { rows[$0] } })
    }
  }

  /// The same, looked for in lists.
  private struct Naive {
    var newest: Int64 = 0
    /// Every batch: when it is visible, and its rows that are not done.
    var open: [(batch: Int64, visibleFrom: Timestamp, rows: Set<StreamRow>)] = []
    /// In the order in which they came.
    var waiting: [(columns: [String], row: StreamRow)] = []
    var hasWindowsOnce: Bool

    var progress: Int64 { open.first { !$0.rows.isEmpty }.map { $0.batch - 1 } ?? newest }
    var oldest: Timestamp? { open.filter { !$0.rows.isEmpty }.map(\.visibleFrom).min() }

    /// What may be taken: the oldest batch's, of one kind of columns, in order.
    func mayTake(_ limit: Int, columns: [String]) -> [StreamRow] {
      let lane = waiting.filter { $0.columns == columns }.map(\.row)
      guard lane.first?.batch == waiting.map(\.row.batch).min() else { return [] }
      var taken: [StreamRow] = []
      for row in lane.prefix(limit) {
        func isSame(_ other: StreamRow) -> Bool {
          other.device == row.device && other.key.start == row.key.start
        }
        if hasWindowsOnce, taken.contains(where: isSame) { break }
        taken.append(row)
      }
      return taken
    }
  }

  @Test(arguments: [UInt64.random(in: 0 ..< .max), 1, 2, 3])
  func itDoesWhatListsDo(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "queue")
    var naive = Naive(hasWindowsOnce: seed % 2 == 0)
    var queue = StreamQueue(after: 0, hasWindowsOnce: naive.hasWindowsOnce)
    var underWay: [[StreamRow]] = []
    var sent: [StreamRow] = []
    var added: Set<StreamRow> = []
    var number: Int64 = 0
    for step in 0..<3000 {
      // More comes at first, and in the end nothing.
      switch random.index(below: step < 1000 ? 3 : 4) {
      case 0 where step < 2500:
        naive.newest += Int64(1 + random.index(below: 3))
        let visibleFrom = Timestamp(milliseconds: naive.newest * 10 - Int64(random.index(below: 40)))
        var groups: [StreamRequestRows] = []
        for columns in Self.columns where random.index(below: 3) > 0 {
          let rows = (0..<random.index(below: 6)).map { _ in
            number += 1
            // A window may come again in another revision, which its number makes another row.
            return Self.row(
              naive.newest, Int64(random.index(below: 8)), revision: Int(number),
              device: Int64(random.index(below: 3)))
          }
          groups.append(StreamRequestRows(columns: columns, rows: rows))
          naive.waiting += rows.map { (columns, $0) }
        }
        let rows = groups.flatMap(\.rows)
        added.formUnion(rows)
        naive.open.append((naive.newest, visibleFrom, Set(rows)))
        queue.add(groups, of: naive.newest, visibleFrom: visibleFrom)
      case 1, 2:
        let limit = 1 + random.index(below: 12)
        guard let taken = queue.take(limit) else {
          #expect(naive.waiting.isEmpty, "seed \(seed), step \(step)")
          continue
        }
        #expect(!taken.rows.isEmpty, "seed \(seed), step \(step)")
        #expect(taken.rows == naive.mayTake(limit, columns: taken.columns), "seed \(seed), step \(step)")
        let gone = Set(taken.rows)
        naive.waiting.removeAll { gone.contains($0.row) }
        sent += taken.rows
        underWay.append(taken.rows)
      default:
        guard !underWay.isEmpty else { continue }
        let done = underWay.remove(at: random.index(below: underWay.count))
        for index in naive.open.indices { naive.open[index].rows.subtract(done) }
        queue.finish(done)
      }
      #expect(queue.progress == naive.progress, "seed \(seed), step \(step)")
      #expect(queue.oldestVisible == naive.oldest, "seed \(seed), step \(step)")
      #expect(queue.lastAdded == naive.newest, "seed \(seed), step \(step)")
      #expect(queue.waiting == naive.waiting.count, "seed \(seed), step \(step)")
      #expect(queue.underWay == underWay.reduce(0) { $0 + $1.count }, "seed \(seed), step \(step)")
    }
    while let taken = queue.take(7) {
      sent += taken.rows
      underWay.append(taken.rows)
    }
    for rows in underWay { queue.finish(rows) }
    #expect(sent.count == added.count && Set(sent) == added, "seed \(seed)")
    #expect(queue.isEmpty && queue.progress == naive.newest && queue.underWay == 0, "seed \(seed)")
  }
}
