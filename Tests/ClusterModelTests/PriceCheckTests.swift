import ClusterModel
import Telemetry
import Testing

@Suite struct PriceCheckTests {
  private static let today = Timestamp(iso8601: "2026-11-29")!

  private static let lines = [
    "azure,r,Standard_D2s_v5,2,8,,0.096,0.0192,0.01,2026-06-18,2026-06-18,X",
    "azure,r,Standard_D4s_v5,4,16,,0.192,,,2026-06-18,,X",
    "azure,r,Standard_D8s_v5,8,32,,0.384,,,2026-06-18,,X",
  ]

  /// The warnings of the three lines above, of which the first has another cell in `column`.
  private func warnings(
    _ column: String? = nil, _ cell: String = "", today: Timestamp = today, days: Int64 = 365
  ) throws -> [PriceCheck.Warning] {
    var lines = Self.lines
    if let column {
      var cells = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      cells[try #require(PriceTable.columns.firstIndex(of: column))] = cell
      lines[0] = cells.joined(separator: ",")
    }
    let text = ([PriceTable.columns.joined(separator: ",")] + lines).joined(separator: "\n")
    return PriceCheck(try PriceTable(bytes: Array(text.utf8), name: "own.csv"))
      .warnings(today: today, oldAfterDays: days)
  }

  @Test func aSoundTableGivesNone() throws {
    #expect(try warnings().isEmpty)
  }

  @Test(arguments: [
    (
      "dedicated_usd_h", "0.105", PriceCheck.Warning.Kind.notFlat,
      "own.csv:2: Standard_D2s_v5 in r costs $0.0525 a vCPU, 9% more than the median of Standard_D*s_v5, $0.0480; "
        + "within a family it is mostly the same."
    ),
    (
      "dedicated_usd_h", "70.08", .unit,
      "own.csv:2: Standard_D2s_v5 in r costs $35.04 a vCPU where its like cost $0.0480; that looks like a price a month, "
        + "not an hour."
    ),
    (
      "dedicated_usd_h", "0.0016", .unit,
      "own.csv:2: Standard_D2s_v5 in r costs $0.000800 a vCPU where its like cost $0.0480; that looks like a price a "
        + "minute, not an hour."
    ),
    (
      "dedicated_usd_h", "0.000026667", .unit,
      "own.csv:2: Standard_D2s_v5 in r costs $0.000013 a vCPU where its like cost $0.0480; that looks like a price a "
        + "second, not an hour."
    ),
    (
      "low_priority_usd_h", "0.1", .lowPriorityAboveDedicated,
      "own.csv:2: Standard_D2s_v5 in r costs $0.1000 as low priority and $0.0960 dedicated; a node that may be taken away "
        + "should be cheaper."
    ),
    (
      "spot_usd_h", "0.0961", .spotAboveDedicated,
      "own.csv:2: Standard_D2s_v5 in r costs $0.0961 as spot and $0.0960 dedicated; a node that may be taken away should "
        + "be cheaper."
    ),
    (
      "spot_usd_h", "0", .free,
      "own.csv:2: Standard_D2s_v5 in r costs nothing (spot); an empty cell means that there is no price."
    ),
    (
      "dedicated_as_of", "2025-11-28", .old,
      "own.csv:2: these dedicated prices are more than 365 days old: Standard_D2s_v5 in r."
    ),
    (
      "discount_as_of", "undated", .undated,
      "own.csv:2: these discounted prices have no date: Standard_D2s_v5 in r."
    ),
    (
      "dedicated_as_of", "2026-12", .inFuture,
      "own.csv:2: these dedicated prices are dated after today: Standard_D2s_v5 in r."
    ),
  ]) func eachRuleWarnsInASentence(
    column: String, cell: String, kind: PriceCheck.Warning.Kind, sentence: String
  ) throws {
    let warnings = try warnings(column, cell)
    // A price that looks like another unit also has discounts above it; that is told beside it.
    let ofKind = warnings.filter { $0.kind == kind }
    #expect(ofKind.map(\.description) == [sentence], "\(warnings)")
    #expect(ofKind.first?.lines == [2])
    #expect(!warnings.contains { $0.kind == .notFlat } || kind == .notFlat, "\(warnings)")
  }

  @Test func toleranceAndAgeAreBounds() throws {
    // 0.09792 is 2% more than the others, exactly; a day is counted in full.
    #expect(try warnings("dedicated_usd_h", "0.0979").isEmpty)
    #expect(try warnings("dedicated_usd_h", "0.098").map(\.kind) == [.notFlat])
    #expect(try warnings("dedicated_as_of", "2025-11-29").isEmpty)
    #expect(try warnings(today: Self.today, days: 30).map(\.kind) == [.old, .old])
  }

  @Test(arguments: [
    ("Standard_D2s_v5", "Standard_D*s_v5"), ("Standard_D96s_v5", "Standard_D*s_v5"),
    ("Standard_E4-2s_v5", "Standard_E*-2s_v5"), ("c6i.4xlarge", "c6i.*"), ("n2-highcpu-48", "n2-highcpu-*"),
    ("laptop", "laptop"),
  ]) func familiesAreNamesWithoutTheirNumber(size: String, family: String) {
    #expect(PriceCheck.family(of: size) == family)
  }

  @Test func onlyRowsInUseAreWarnedOf() throws {
    let table = try PriceTable.builtIn()
    let d2 = try table.row(region: "eastus", vmSize: "Standard_D2s_v5")
    let warnings = PriceCheck(table, used: [d2]).warnings(today: Self.today)
    #expect(warnings.map(\.kind) == [.undated] && warnings[0].lines == [d2.line])
  }

  /// What the project's own table is warned of: Azure's A series is dearer a vCPU in its large sizes.
  @Test func theBuiltInTable() throws {
    let warnings = PriceCheck(try PriceTable.builtIn()).warnings(today: Self.today)
    #expect(Set(warnings.map(\.kind)) == [.notFlat, .undated, .old], "\(warnings)")
    #expect(warnings.filter { $0.kind == .notFlat }.map(\.lines) == [[2], [3]], "\(warnings)")
  }
}
