import Telemetry
import Wording

/// Looks at a price table for what is possible but probably wrong. It warns; what is impossible, ``PriceTable`` refuses.
package struct PriceCheck: Sendable {
  /// One thing that a person should look at.
  package struct Warning: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
      case notFlat, old, undated, inFuture, unit, free, lowPriorityAboveDedicated, spotAboveDedicated
    }

    package let kind: Kind
    /// The lines of the table that it is about.
    package let lines: [Int]
    /// A sentence.
    package let description: String
  }

  /// How far a price a vCPU may be from the median of its family. Prices of a family that is flat differ by the rounding of the
  /// table, which is below 1%; those of a family that is not are some 10% apart.
  package static let flatnessTolerance = 0.02
  /// After how many days a price is old.
  package static let oldAfterDays: Int64 = 365

  private let table: PriceTable
  private let rows: [PriceRow]

  /// - Parameter used: The rows to warn of; nil for all. They are compared with all rows of the table.
  package init(_ table: PriceTable, used: [PriceRow]? = nil) {
    self.table = table
    rows = used ?? table.rows
  }

  /// Every warning, in a fixed order. `today` is told, so that the same table gives the same warnings.
  package func warnings(today: Timestamp, oldAfterDays: Int64 = PriceCheck.oldAfterDays) -> [Warning] {
    let strange = unitWarnings()
    let strangeLines = Set(table.rows.filter { unit(of: $0) != nil }.map(\.line))
    return strange + flatnessWarnings(without: strangeLines) + discountWarnings() + freeWarnings()
      + ageWarnings(today, oldAfterDays)
  }

  /// The name of a size without its number: sizes that differ in that alone are a family, and a vCPU of them costs the same.
  /// `Standard_D*s_v5` of `Standard_D96s_v5`, `c6i.*` of `c6i.4xlarge`, `n2-highcpu-*` of `n2-highcpu-48`.
  package static func family(of vmSize: String) -> String {
    if let dot = vmSize.firstIndex(of: ".") { return vmSize[..<dot] + ".*" }
    if let dash = vmSize.lastIndex(of: "-"), isNumber(vmSize[vmSize.index(after: dash)...]) {
      return vmSize[...dash] + "*"
    }
    guard let first = vmSize.firstIndex(where: isDigit) else { return vmSize }
    return vmSize[..<first] + "*" + vmSize[first...].drop(while: isDigit)
  }

  private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
  private static func isNumber(_ text: Substring) -> Bool { !text.isEmpty && text.allSatisfy(isDigit) }

  private func perVCPU(_ row: PriceRow) -> Double { row.dedicated.value / Double(row.vcpu) }

  private static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private func warning(_ kind: Warning.Kind, _ lines: [Int], _ sentence: String) -> Warning {
    let place = lines.count == 1 ? "\(table.name):\(lines[0])" : table.name
    return Warning(kind: kind, lines: lines, description: "\(place): \(sentence)")
  }

  private func amount(_ value: Double) -> String { Dollars(nearest: value).sentenceText }

  /// What the price is probably of, when it is not of an hour, and the factor between the two.
  private static let units = [
    (name: "a month", factor: 730.0), (name: "a minute", factor: 1 / 60.0),
    (name: "a second", factor: 1 / 3600.0),
  ]
  /// How far from a factor of ``units`` a price may be: families of one provider differ by less, and factors by more.
  private static let unitRange = 1 / 3.0...3.0

  /// What the other sizes of the family cost a vCPU, in any region; where there are none, what all others do.
  private func peers(of row: PriceRow) -> [Double] {
    let others = table.rows.filter { $0.line != row.line && $0.dedicated > .zero }
    let family = others.filter {
      $0.provider == row.provider && Self.family(of: $0.vmSize) == Self.family(of: row.vmSize)
    }
    return (family.isEmpty ? others : family).map(perVCPU)
  }

  private func unit(of row: PriceRow) -> (name: String, typical: Double)? {
    guard row.dedicated > .zero, let typical = Self.median(peers(of: row)) else { return nil }
    let ratio = perVCPU(row) / typical
    return Self.units.first { Self.unitRange.contains(ratio / $0.factor) }.map { ($0.name, typical) }
  }

  private func unitWarnings() -> [Warning] {
    rows.compactMap { row in
      unit(of: row).map { unit in
        warning(
          .unit, [row.line],
          "\(row.vmSize) in \(row.region) costs \(amount(perVCPU(row))) a vCPU where its like cost \(amount(unit.typical)); "
            + "that looks like a price \(unit.name), not an hour.")
      }
    }
  }

  private func flatnessWarnings(without strange: Set<Int>) -> [Warning] {
    rows.compactMap { row in
      guard !strange.contains(row.line) else { return nil }
      // Sizes with more memory a vCPU cost more: they are no family in this sense.
      let family = table.rows.filter {
        $0.provider == row.provider && $0.region == row.region && !strange.contains($0.line)
          && Self.family(of: $0.vmSize) == Self.family(of: row.vmSize)
          && $0.memoryPerVCPU == row.memoryPerVCPU
      }
      guard let typical = Self.median(family.map(perVCPU)), typical > 0 else { return nil }
      let deviation = perVCPU(row) / typical - 1
      guard abs(deviation) > Self.flatnessTolerance else { return nil }
      let percent = Int((abs(deviation) * 100).rounded())
      return warning(
        .notFlat, [row.line],
        "\(row.vmSize) in \(row.region) costs \(amount(perVCPU(row))) a vCPU, \(percent)% \(deviation > 0 ? "more" : "less") than "
          + "the median of \(Self.family(of: row.vmSize)), \(amount(typical)); within a family it is mostly the same."
      )
    }
  }

  private func discountWarnings() -> [Warning] {
    rows.flatMap { row in
      [
        (Warning.Kind.lowPriorityAboveDedicated, "low priority", row.lowPriority),
        (.spotAboveDedicated, "spot", row.spot),
      ].compactMap { kind, name, price in
        guard let price, price > row.dedicated else { return nil }
        return warning(
          kind, [row.line],
          "\(row.vmSize) in \(row.region) costs \(price.sentenceText) as \(name) and \(row.dedicated.sentenceText) dedicated; a node "
            + "that may be taken away should be cheaper.")
      }
    }
  }

  private func freeWarnings() -> [Warning] {
    rows.compactMap { row in
      let free = ClusterTier.allCases.filter { row.price($0) == .zero }
      guard !free.isEmpty else { return nil }
      return warning(
        .free, [row.line],
        "\(row.vmSize) in \(row.region) costs nothing (\(free.map(\.rawValue).listed)); an empty cell means that there is no price."
      )
    }
  }

  private func ageWarnings(_ today: Timestamp, _ oldAfterDays: Int64) -> [Warning] {
    let dayMs: Int64 = 86_400_000
    return [true, false].flatMap { isDedicated -> [Warning] in
      let kind = isDedicated ? "dedicated prices" : "discounted prices"
      let dated = rows.filter { isDedicated || $0.lowPriority != nil || $0.spot != nil }
        .map { (row: $0, date: isDedicated ? $0.dedicatedAsOf : $0.discountAsOf) }
      func told(_ chosen: [(row: PriceRow, date: PriceDate)], _ kind: Warning.Kind, _ verb: String)
        -> [Warning]
      {
        guard !chosen.isEmpty else { return [] }
        let sizes = chosen.map { "\($0.row.vmSize) in \($0.row.region)" }.listed
        return [warning(kind, chosen.map(\.row.line), "\(verb): \(sizes).")]
      }
      let ages = dated.compactMap { entry in
        entry.date.earliest.map {
          (entry: entry, days: (today - $0).milliseconds / dayMs, isFuture: $0 > today)
        }
      }
      return told(
        ages.filter { $0.days > oldAfterDays }.map(\.entry), .old,
        "these \(kind) are more than \(oldAfterDays) days old")
        + told(dated.filter { $0.date.earliest == nil }, .undated, "these \(kind) have no date")
        + told(ages.filter(\.isFuture).map(\.entry), .inFuture, "these \(kind) are dated after today")
    }
  }
}

extension PriceRow {
  fileprivate var memoryPerVCPU: Double? { memoryGiB.map { $0 / Double(vcpu) } }
}
