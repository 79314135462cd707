/// The workers of a board, by their numbers. These ascend and seldom have a gap, so that a worker's place is mostly known from its
/// number alone, and nothing is hashed. Nothing in it is counted by reference either. Pure.
struct WorkerTable: Sendable {
  struct Run: Hashable, Sendable {
    var attempt: TaskQueue.Attempt
    var started: Duration

    func isOf(_ task: Int, _ number: Int) -> Bool { task == attempt.task && number == attempt.number }
  }

  enum State: Hashable, Sendable {
    case starting(since: Duration)
    case idle
    case busy(Run)
    /// Told to end; the attempt it was at, if any, fails when it has.
    case killed(Run?)
    /// Killed because its node was preempted.
    case lost(Run)
    /// Told to exit by itself, because its node is released, or killed while it was at no task on a node that was preempted.
    case leaving

    var activity: WorkerTally.Activity {
      switch self {
      case .starting: .starting
      case .idle: .idle
      case .busy: .working
      case .killed(.some), .lost: .losing
      case .killed(nil), .leaving: .leaving
      }
    }
  }

  struct Worker: Sendable {
    let number: Int
    let slot: Int
    var state: State
  }

  /// Ascending by their numbers.
  private var rows: [Worker] = []

  /// Where the worker `number` is; nil where there is none.
  func index(of number: Int) -> Int? {
    guard !rows.isEmpty, number >= rows[0].number else { return nil }
    // No number comes twice: each is at its distance from the first, or before that where there are gaps.
    var high = Swift.min(number - rows[0].number, rows.count - 1)
    if rows[high].number == number { return high }
    var low = 0
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return rows[low].number == number ? low : nil
  }

  /// Puts in a worker whose number is not there.
  mutating func insert(_ worker: Worker) {
    var index = rows.count
    while index > 0, rows[index - 1].number > worker.number { index -= 1 }
    rows.insert(worker, at: index)
  }

  mutating func remove(at index: Int) -> Worker { rows.remove(at: index) }
}

extension WorkerTable: RandomAccessCollection, MutableCollection {
  var startIndex: Int { 0 }
  var endIndex: Int { rows.count }

  subscript(index: Int) -> Worker {
    get { rows[index] }
    _modify { yield &rows[index] }
  }
}
