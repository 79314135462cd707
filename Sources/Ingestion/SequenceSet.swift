/// Which messages of one life of a device have been seen: sequence numbers, none below 0, as ascending ranges without overlap.
///
/// Without loss that is one range. Where messages are missing, at most ``maximumRanges`` are kept apart; beyond
/// that the oldest gap is given up, and a message that comes for it later counts as seen.
struct SequenceSet: Hashable, Sendable {
  /// Bounds the memory of a device that loses every other message.
  static let maximumRanges = 4096

  private(set) var ranges: [ClosedRange<Int64>] = []

  init() {}

  /// - Parameter ranges: Ascending, without overlap.
  init(ranges: [ClosedRange<Int64>]) { self.ranges = ranges }

  /// Adds `sequence`. False where it was there already.
  mutating func insert(_ sequence: Int64) -> Bool {
    // Not what follows a number: the highest of all has no next.
    if let last = ranges.last, last.upperBound == sequence - 1 {
      ranges[ranges.count - 1] = last.lowerBound...sequence
      return true
    }
    let index = firstRange(endingAtOrAfter: sequence)
    if index < ranges.count, ranges[index].contains(sequence) { return false }
    let joinsBefore = index > 0 && ranges[index - 1].upperBound == sequence - 1
    let joinsAfter = index < ranges.count && ranges[index].lowerBound - 1 == sequence
    switch (joinsBefore, joinsAfter) {
    case (true, true):
      ranges[index - 1] = ranges[index - 1].lowerBound...ranges[index].upperBound
      ranges.remove(at: index)
    case (true, false): ranges[index - 1] = ranges[index - 1].lowerBound...sequence
    case (false, true): ranges[index] = sequence...ranges[index].upperBound
    case (false, false):
      ranges.insert(sequence...sequence, at: index)
      if ranges.count > Self.maximumRanges {
        ranges[1] = ranges[0].lowerBound...ranges[1].upperBound
        ranges.removeFirst()
      }
    }
    return true
  }

  /// Binary search.
  private func firstRange(endingAtOrAfter sequence: Int64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Which messages of a device have been seen, over its lives.
struct SeenMessages: Hashable, Sendable {
  /// Messages of the life before may still be under way when a device has restarted; older ones are not expected.
  static let rememberedEpochs = 2

  struct Life: Hashable, Sendable {
    var epoch: Int64
    var sequences: SequenceSet
  }

  /// Ascending by epoch.
  var lives: [Life] = []

  init() {}

  /// Adds a message. False where it was seen already, or is of a life so old that nobody remembers it.
  mutating func insert(epoch: Int64, sequence: Int64) -> Bool {
    if let index = lives.lastIndex(where: { $0.epoch == epoch }) {
      return lives[index].sequences.insert(sequence)
    }
    let index = lives.firstIndex { $0.epoch > epoch } ?? lives.count
    if index == 0, lives.count >= Self.rememberedEpochs { return false }
    var life = Life(epoch: epoch, sequences: SequenceSet())
    _ = life.sequences.insert(sequence)
    lives.insert(life, at: index)
    if lives.count > Self.rememberedEpochs { lives.removeFirst() }
    return true
  }
}
