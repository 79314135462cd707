import Telemetry

/// How long it takes until a node that was asked for takes tasks: quantiles that somebody has published, and who.
package struct StartUpProfile: Hashable, Sendable {
  /// What scenarios call it.
  package let name: String
  /// Shares of nodes, ascending from 0 to 1, with the seconds that they take at most. Between two, times are drawn evenly.
  package let quantiles: [(share: Double, seconds: Double)]
  /// Where the figures come from.
  package let source: String
  /// How many nodes never come up: a share from 0 to below 1.
  package var failureShare = 0.0
  /// After how many seconds a node that has not come up is given up, and another is asked for.
  package var giveUpSeconds = 900.0

  package init(name: String, quantiles: [(share: Double, seconds: Double)], source: String) {
    precondition(quantiles.count >= 2 && quantiles.first?.share == 0 && quantiles.last?.share == 1)
    self.name = name
    self.quantiles = quantiles
    self.source = source
  }

  /// Every node takes `seconds`.
  package static func fixed(_ seconds: Double) -> StartUpProfile {
    StartUpProfile(
      name: "\(seconds) s", quantiles: [(0, seconds), (1, seconds)], source: "stated by the scenario")
  }

  /// Nodes that are there already, as local ones are.
  package static let none = StartUpProfile(
    name: "none", quantiles: [(0, 0), (1, 0)], source: "nodes that are up already")

  /// The profiles that scenarios can name.
  package static let all = [
    none,
    StartUpProfile(
      name: "azure", quantiles: [(0, 180), (0.5, 285), (1, 480)],
      source:
        "Azure Batch, 3 to 8 minutes until a node is ready; the median, of which nothing is published, is set to 285 s"
    ),
    StartUpProfile(
      name: "aws-parallelcluster", quantiles: [(0, 149), (0.25, 283), (0.5, 294), (0.75, 312), (1, 329)],
      source: "AWS ParallelCluster, waiting times of dynamic nodes: least, quartiles, greatest"),
    StartUpProfile(
      name: "ec2", quantiles: [(0, 97), (1, 97)], source: "EC2 Linux, 97 s on average (Mao and Humphrey 2012)"
    ),
    StartUpProfile(
      name: "gcp", quantiles: [(0, 23), (1, 60)],
      source: "Google Compute Engine, 23 to 60 s until a connection by SSH (2018)"),
    StartUpProfile(
      name: "karpenter", quantiles: [(0, 70), (1, 70)], source: "Karpenter on EC2, about 70 s"),
  ]

  /// The profile called `name`; nil where there is none.
  package static func named(_ name: String) -> StartUpProfile? { all.first { $0.name == name } }

  /// The time at `share` of all nodes, in seconds.
  package func seconds(at share: Double) -> Double {
    for (low, high) in zip(quantiles, quantiles.dropFirst()) where share <= high.share {
      let part = high.share > low.share ? (share - low.share) / (high.share - low.share) : 1
      return low.seconds + part * (high.seconds - low.seconds)
    }
    return quantiles[quantiles.count - 1].seconds
  }

  package static func == (a: StartUpProfile, b: StartUpProfile) -> Bool {
    a.name == b.name && a.failureShare == b.failureShare && a.giveUpSeconds == b.giveUpSeconds
      && a.quantiles.elementsEqual(b.quantiles, by: ==)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(failureShare)
    hasher.combine(giveUpSeconds)
  }
}
