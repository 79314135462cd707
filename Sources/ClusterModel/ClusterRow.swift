/// What is known of one ``ClusterCell``: how long the job takes on it and what that costs. A row of `clusters.csv`, and an entry of
/// `cluster` in the report.
package struct ClusterRow: Hashable, Sendable {
  package var cell: ClusterCell
  /// How often it was measured, or drawn.
  package var repeats: Int
  /// The median, from the beginning of the job to its end, in seconds.
  package var makespanSeconds: Double
  /// The interval of the median: 95% of the draws of a bootstrap over rounds lie in it.
  package var makespanLowSeconds: Double
  package var makespanHighSeconds: Double
  /// Windows scored by the job.
  package var windows: Int
  /// How many times as fast as the cell that differs in its number of nodes alone, which is one; nil where there is none.
  package var speedup: Double?
  /// How long nodes were there, all together, in hours.
  package var nodeHours: Double
  /// Those that are billed; nil where no price is known.
  package var billedNodeHours: Double?
  /// What the job costs; nil where no price is known.
  package var costUSD: Double?
  /// What the schedule costs in a month of 730 hours; nil without a schedule.
  package var costUSDPerMonth: Double?
  /// The nodes of the median round.
  package var lives: [NodeLife]

  package init(
    cell: ClusterCell, repeats: Int, makespanSeconds: Double, makespanLowSeconds: Double,
    makespanHighSeconds: Double, windows: Int, nodeHours: Double, lives: [NodeLife] = []
  ) {
    self.cell = cell
    self.repeats = repeats
    self.makespanSeconds = makespanSeconds
    self.makespanLowSeconds = makespanLowSeconds
    self.makespanHighSeconds = makespanHighSeconds
    self.windows = windows
    self.nodeHours = nodeHours
    self.lives = lives
  }

  package var windowsPerSecond: Double? {
    makespanSeconds > 0 ? Double(windows) / makespanSeconds : nil
  }

  /// ``speedup`` by the number of nodes.
  package var efficiency: Double? { speedup.map { $0 / Double(cell.nodes) } }

  package var costUSDPerMillionWindows: Double? {
    windows > 0 ? costUSD.map { $0 / Double(windows) * 1e6 } : nil
  }
}
