import Telemetry

/// What people ask of a sweep of cluster sizes, answered from its rows alone.
///
/// Where a size was measured and also paced or simulated, the measured row counts, then the paced one. Sentences say of each row
/// which it was. Rows without a price take no part in questions of money. Equal figures are told apart by the other figure (cheaper,
/// then faster, or faster, then cheaper), then by fewer nodes, then by the words of the cell, so that the order of the rows does
/// not matter.
package struct ClusterAnswers: Sendable {
  /// An answer, and where there is none, why.
  package struct Answer: Hashable, Sendable {
    package let row: ClusterRow?
    package let sentence: String

    package init(row: ClusterRow?, sentence: String) {
      self.row = row
      self.sentence = sentence
    }
  }

  package let cheapest: Answer
  package let fastest: Answer
  package let cheapestWithinDeadline: Answer
  /// The cheapest of those that are faster than ``cheapestWithinDeadline``.
  package let nextFaster: Answer
  /// The smallest size that beats one node of the same kind beyond the noise (McSherry, Isard and Murray, "Scalability! But at what
  /// COST?", HotOS 2015). Both are of the same mode.
  package let smallestThatBeatsOne: Answer
  /// Where jobs begin further apart than this, scaling to zero is cheaper than keeping the nodes of ``breakEvenRow``.
  package let breakEvenInterval: Duration?
  /// The cheapest within the deadline, or the cheapest, or the fastest.
  package let breakEvenRow: ClusterRow?
  package let breakEvenSentence: String
  /// Which modes the figures are from, and which were left out.
  package let modesSentence: String

  /// - Parameters:
  ///   - billing: By whose rules ``breakEvenInterval`` is computed.
  ///   - idleTime: How long a node without work stays before it is released.
  package init(rows: [ClusterRow], deadline: Duration?, billing: BillingProfile, idleTime: Duration) {
    let chosen = Self.preferred(rows)
    // Of a size whose measured row has no price, a simulated one may have it.
    let byCost = Self.preferred(rows.filter { $0.costUSD != nil }).sorted(by: Self.isCheaper)
    let byTime = chosen.sorted(by: Self.isFaster)
    let unpriced = chosen.count - byCost.count
    let priced =
      unpriced > 0 && !byCost.isEmpty
      ? " \(Self.sizes(unpriced)) without a price \(unpriced == 1 ? "was" : "were") left out." : ""

    cheapest =
      byCost.first.map {
        Answer(row: $0, sentence: "The cheapest size is \(Self.figures($0)).\(priced)")
      } ?? Answer(row: nil, sentence: "There is no cheapest size: \(Self.noPrice(rows)).")
    fastest =
      byTime.first.map { Answer(row: $0, sentence: "The fastest size is \(Self.figures($0)).") }
      ?? Answer(row: nil, sentence: "There is no fastest size: the sweep has no rows.")
    cheapestWithinDeadline = Self.withinDeadline(deadline, byCost, rows)
    nextFaster = Self.nextFaster(than: cheapestWithinDeadline.row, byCost)
    smallestThatBeatsOne = Self.smallestThatBeatsOne(rows)
    modesSentence = Self.modes(rows, chosen, byCost)

    // Kept nodes do not show what coming up costs: where the same size goes to zero too, that one does.
    let decided = cheapestWithinDeadline.row ?? cheapest.row ?? fastest.row
    var toZero = decided?.cell
    toZero?.minNodes = 0
    let row = rows.first { $0.cell == toZero } ?? decided
    breakEvenRow = row
    breakEvenInterval = row.flatMap {
      ScaleToZero(lives: $0.lives, billing: billing, idleTime: idleTime).breakEvenInterval
    }
    breakEvenSentence = Self.breakEven(row, breakEvenInterval, billing, idleTime)
  }

  /// All of it, a sentence or two an answer.
  package var sentences: [String] {
    [cheapest, fastest, cheapestWithinDeadline, nextFaster, smallestThatBeatsOne].map(\.sentence)
      + [breakEvenSentence, modesSentence]
  }

  // MARK: Which rows count

  /// One row a size: that of the best mode.
  private static func preferred(_ rows: [ClusterRow]) -> [ClusterRow] {
    var best: [ClusterCell: ClusterRow] = [:]
    for row in rows {
      guard let other = best[row.cell.withoutMode] else {
        best[row.cell.withoutMode] = row
        continue
      }
      let (a, b) = (row.cell.mode.rank, other.cell.mode.rank)
      if a < b || (a == b && isFaster(row, other)) { best[row.cell.withoutMode] = row }
    }
    return Array(best.values)
  }

  private static func isCheaper(_ a: ClusterRow, _ b: ClusterRow) -> Bool {
    (a.costUSD ?? .infinity, a.makespanSeconds, a.cell.nodes, a.cell.words)
      < (b.costUSD ?? .infinity, b.makespanSeconds, b.cell.nodes, b.cell.words)
  }

  private static func isFaster(_ a: ClusterRow, _ b: ClusterRow) -> Bool {
    (a.makespanSeconds, a.costUSD ?? .infinity, a.cell.nodes, a.cell.words)
      < (b.makespanSeconds, b.costUSD ?? .infinity, b.cell.nodes, b.cell.words)
  }

  // MARK: Words

  private static func sizes(_ count: Int) -> String { count == 1 ? "1 size" : "\(count) sizes" }

  /// A row with its figures.
  private static func figures(_ row: ClusterRow) -> String {
    let cost = row.costUSD.map { ", \(Dollars(nearest: $0).sentenceText) a job" } ?? ""
    return "\(row.sizeWords): \(row.makespanWords)\(cost), \(row.cell.mode.rawValue)"
  }

  private static func noPrice(_ rows: [ClusterRow]) -> String {
    rows.isEmpty ? "the sweep has no rows" : "no row has a price"
  }

  private static func withinDeadline(
    _ deadline: Duration?, _ byCost: [ClusterRow], _ rows: [ClusterRow]
  ) -> Answer {
    guard let deadline else {
      return Answer(row: nil, sentence: "There is no cheapest size within a deadline: none was given.")
    }
    guard !byCost.isEmpty else {
      return Answer(
        row: nil, sentence: "There is no cheapest size within \(deadline.text): \(noPrice(rows)).")
    }
    guard let row = byCost.first(where: { $0.makespanSeconds <= deadline.seconds }) else {
      let fastest = byCost.min(by: isFaster)!
      return Answer(
        row: nil,
        sentence: "No size with a price is done within \(deadline.text); the fastest is \(figures(fastest)).")
    }
    let doubt =
      row.makespanHighSeconds > deadline.seconds
      ? " Its interval goes up to \(ClusterRow.spanWords(row.makespanHighSeconds)), beyond the deadline." : ""
    return Answer(
      row: row, sentence: "The cheapest size within \(deadline.text) is \(figures(row)).\(doubt)")
  }

  private static func nextFaster(than row: ClusterRow?, _ byCost: [ClusterRow]) -> Answer {
    guard let row, let cost = row.costUSD else {
      return Answer(
        row: nil, sentence: "There is no next faster size, because no size is the cheapest within a deadline."
      )
    }
    guard let next = byCost.first(where: { $0.makespanSeconds < row.makespanSeconds }),
      let dearer = next.costUSD
    else { return Answer(row: nil, sentence: "No size with a price is faster than that.") }
    let difference = Dollars(nearest: dearer) - Dollars(nearest: cost)
    let saved = ClusterRow.spanWords(row.makespanSeconds - next.makespanSeconds)
    return Answer(
      row: next,
      sentence:
        "The next faster size, \(figures(next)), costs \(difference.sentenceText) a job more and is done \(saved) earlier."
    )
  }

  private static func smallestThatBeatsOne(_ rows: [ClusterRow]) -> Answer {
    let byCell = Dictionary(rows.map { ($0.cell, $0) }) { isFaster($0, $1) ? $0 : $1 }
    // Of each size the best mode in which its one node is known too.
    var compared: [ClusterCell: (row: ClusterRow, one: ClusterRow)] = [:]
    for row in byCell.values where row.cell.nodes > 1 {
      guard let one = byCell[row.cell.withOneNode] else { continue }
      let key = row.cell.withoutMode
      if let other = compared[key], other.row.cell.mode.rank <= row.cell.mode.rank { continue }
      compared[key] = (row, one)
    }
    guard !compared.isEmpty else {
      return Answer(
        row: nil,
        sentence:
          "There is no smallest size that beats one node: no row has one that differs in its number of nodes alone."
      )
    }
    let beating = compared.values.filter { $0.row.makespanHighSeconds < $0.one.makespanLowSeconds }
    let smallest = beating.min { a, b in
      if a.row.cell.nodes != b.row.cell.nodes { return a.row.cell.nodes < b.row.cell.nodes }
      return isFaster(a.row, b.row)
    }
    guard let smallest else {
      return Answer(
        row: nil, sentence: "No size beats one node: the interval of none lies below that of one node.")
    }
    let one = ClusterRow.spanWords(smallest.one.makespanSeconds)
    return Answer(
      row: smallest.row,
      sentence:
        "The smallest size that beats one node is \(figures(smallest.row)); one node takes \(one), \(smallest.one.cell.mode.rawValue)."
    )
  }

  private static func breakEven(
    _ row: ClusterRow?, _ interval: Duration?, _ billing: BillingProfile, _ idleTime: Duration
  ) -> String {
    guard let row else { return "There is no break-even interval: the sweep has no rows." }
    guard let interval else {
      return
        "There is no break-even interval: the nodes of \(row.sizeWords) are not known, \(row.cell.mode.rawValue)."
    }
    return
      "With \(row.sizeWords), scaling to zero after \(idleTime.text) without work costs less than keeping the nodes "
      + "where jobs begin more than \(interval.text) apart (\(row.cell.mode.rawValue), billed as \(billing.name))."
  }

  private static func modes(
    _ rows: [ClusterRow], _ chosen: [ClusterRow], _ byCost: [ClusterRow]
  ) -> String {
    guard !rows.isEmpty else { return "There are no figures." }
    let counts = ClusterMode.allCases.compactMap { mode -> String? in
      let count = chosen.count { $0.cell.mode == mode }
      return count > 0 ? "\(count) \(mode.rawValue)" : nil
    }
    let left = rows.count - chosen.count
    let dropped =
      left > 0
      ? " Where a size has several rows, measured counts before paced, and paced before simulated: \(left) \(left == 1 ? "row was" : "rows were") left out."
      : ""
    let borrowed =
      Set(byCost).isSubset(of: chosen)
      ? "" : " Where the row that counts has no price, the next one does for money."
    return
      "The figures are of \(sizes(chosen.count)): \(counts.joined(separator: ", ")).\(dropped)\(borrowed)"
  }
}

extension ClusterMode {
  /// Lower counts first.
  fileprivate var rank: Int { ClusterMode.allCases.firstIndex(of: self)! }
}

extension ClusterCell {
  /// The same for all modes.
  fileprivate var withoutMode: ClusterCell {
    var cell = self
    cell.mode = .measured
    return cell
  }

  /// The cell that differs in its number of nodes alone, which is one.
  fileprivate var withOneNode: ClusterCell {
    var cell = self
    cell.nodes = 1
    cell.minNodes = min(cell.minNodes, 1)
    return cell
  }

  /// Different for different cells, for the order of equal ones.
  fileprivate var words: String {
    [
      target, region ?? "", vmSize ?? "", tier.rawValue, String(coresPerNode), miniBatchSize,
      String(minNodes), String(mode.rank),
    ].joined(separator: "\u{0}")
  }
}
