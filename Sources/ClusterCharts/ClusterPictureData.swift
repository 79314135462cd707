import ClusterModel

/// All that the pictures of a sweep show.
package struct ClusterPictureData: Hashable, Sendable {
  /// A size that was predicted before it was measured.
  package struct Comparison: Hashable, Sendable {
    /// What the size is, its nodes aside, such as `batches of 100`.
    package var label: String
    package var nodes: Int
    package var measuredSeconds: Double
    package var simulatedSeconds: Double

    package init(label: String, nodes: Int, measuredSeconds: Double, simulatedSeconds: Double) {
      self.label = label
      self.nodes = nodes
      self.measuredSeconds = measuredSeconds
      self.simulatedSeconds = simulatedSeconds
    }

    /// By how much the prediction was too high, as a share of what was measured.
    package var error: Double { simulatedSeconds / measuredSeconds - 1 }
  }

  /// What a month costs, with jobs at an interval.
  package struct MonthPoint: Hashable, Sendable {
    package var intervalSeconds: Double
    package var usdPerMonth: Double

    package init(intervalSeconds: Double, usdPerMonth: Double) {
      self.intervalSeconds = intervalSeconds
      self.usdPerMonth = usdPerMonth
    }
  }

  /// The months of one way to keep nodes, such as `scaled to zero`.
  package struct MonthCurve: Hashable, Sendable {
    package var label: String
    package var points: [MonthPoint]

    package init(label: String, points: [MonthPoint]) {
      self.label = label
      self.points = points
    }
  }

  package var rows: [ClusterRow]
  /// The sizes that were held out.
  package var comparisons: [Comparison]
  /// How long a job may take.
  package var deadlineSeconds: Double?
  package var monthCurves: [MonthCurve]
  /// From which interval on the first curve is the cheaper one.
  package var crossingSeconds: Double?
  /// Whose nodes are shown; nil: those of the row that went through the most states.
  package var nodesCell: ClusterCell?

  package init(
    rows: [ClusterRow] = [], comparisons: [Comparison] = [], deadlineSeconds: Double? = nil,
    monthCurves: [MonthCurve] = [], crossingSeconds: Double? = nil, nodesCell: ClusterCell? = nil
  ) {
    self.rows = rows
    self.comparisons = comparisons
    self.deadlineSeconds = deadlineSeconds
    self.monthCurves = monthCurves
    self.crossingSeconds = crossingSeconds
    self.nodesCell = nodesCell
  }
}
