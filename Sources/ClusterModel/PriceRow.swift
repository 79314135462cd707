import Telemetry

/// When a price was read.
package struct PriceDate: Hashable, Sendable {
  /// As the table has it: `2026-06-18`, `2026-09`, or `undated`.
  package let text: String
  /// The earliest day that it may be; nil where it is undated.
  package let earliest: Timestamp?

  package static let undated = PriceDate(text: "undated", earliest: nil)

  private init(text: String, earliest: Timestamp?) {
    self.text = text
    self.earliest = earliest
  }

  /// Reads a day, a month, `undated`, or nothing, which is undated too. Nil for anything else.
  package init?(_ text: String) {
    if text.isEmpty || text == "undated" {
      self = .undated
    } else if text.utf8.count == 10, let day = Timestamp(iso8601: text) {
      self.init(text: text, earliest: day)
    } else if text.utf8.count == 7, let month = Timestamp(iso8601: text + "-01") {
      self.init(text: text, earliest: month)
    } else {
      return nil
    }
  }
}

/// What a size of a virtual machine costs in a region: a row of a ``PriceTable``. Prices are those of Linux, an hour of a node.
package struct PriceRow: Hashable, Sendable {
  package var provider: String
  package var region: String
  /// In the words of the provider, such as `Standard_D2s_v5`.
  package var vmSize: String
  /// At least 1.
  package var vcpu: Int
  /// Nil where the table does not say.
  package var memoryGiB: Double?
  /// Such as `x86_64`; empty where the table does not say.
  package var architecture: String
  package var dedicated: Dollars
  package var lowPriority: Dollars?
  package var spot: Dollars?
  package var dedicatedAsOf: PriceDate
  /// Of ``lowPriority`` and ``spot``.
  package var discountAsOf: PriceDate
  /// Codes of where the figures are from; `Data/README.md` explains those of the project's table.
  package var sources: [String]
  /// Where it stands in its file, from 1.
  package var line: Int

  /// An hour of a node on the terms of `tier`; nil where the table has no such price.
  package func price(_ tier: ClusterTier) -> Dollars? {
    switch tier {
    case .dedicated: dedicated
    case .lowPriority: lowPriority
    case .spot: spot
    }
  }

  /// When ``price(_:)`` was read.
  package func asOf(_ tier: ClusterTier) -> PriceDate { tier == .dedicated ? dedicatedAsOf : discountAsOf }
}
