/// Bounds of the pictures, each with its reason. What is left out is said below the picture.
enum ClusterChartDefaults {
  /// More lines than these are not told apart.
  static let mostSeries = 6
  /// Points of a series and mode: closer than ten pixels they run into each other.
  static let mostPointsPerLine = 64
  /// Points that are not joined: a file of some hundred kilobytes.
  static let mostPoints = 600
  /// Points with the number of nodes beside them.
  static let mostLabels = 48
  /// Lanes that are still high enough for a hatch.
  static let mostLanes = 64
  /// Boxes of lanes: a file of less than a megabyte.
  static let mostBoxes = 6000
  /// Nodes with their workers below each other: about two screens.
  static let mostJobNodes = 16
  /// Each takes room, and between a dozen jobs there are eleven.
  static let mostCuts = 11
  /// Rows of a table that fit on a screen.
  static let mostTableRows = 14
  /// Columns whose figures can be read.
  static let mostTableColumns = 8
  /// Series that are named in the description for those who do not see the picture.
  static let mostDescribed = 8
  /// Of the area of a chart, in pixels.
  static let plotHeight = 330.0
  /// How far a prediction may be off.
  static let tolerance = 0.05
  /// An axis is logarithmic where its values span more than these many times.
  static let logarithmicNodes = 8.0
  static let logarithmicValues = 10.0
}

/// What is kept of a list that is too long.
enum Thinning {
  /// At most `most` of `items`, evenly spread, the first and the last among them.
  static func evenly<Item>(_ items: [Item], most: Int) -> [Item] {
    guard items.count > most, most > 1 else { return Array(items.prefix(max(most, 0))) }
    return (0..<most).map { items[$0 * (items.count - 1) / (most - 1)] }
  }

  /// Where there are more than `most`: as many items that do not stand closer than `most` of them would, if `place` has them
  /// between 0 and 1 in ascending order. The first and the last are among them.
  static func spread<Item>(_ items: [Item], most: Int, place: (Item) -> Double) -> [Item] {
    guard items.count > most, let last = items.last else { return items }
    let gap = 1 / Double(most)
    var kept: [Item] = []
    var free = -Double.infinity
    for item in items.dropLast() where place(item) >= free {
      kept.append(item)
      free = place(item) + gap
    }
    if kept.count > 1, place(last) < free { kept.removeLast() }
    return kept + [last]
  }

  /// What to say of it; nil where all are there.
  static func note(_ shown: Int, of all: Int, _ things: String) -> String? {
    shown < all ? "\(shown) of \(all) \(things) are shown." : nil
  }
}
