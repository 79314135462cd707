import ClusterModel
import Files
import Foundation
import TestSupport
import Testing

@Suite struct PriceTableTests {
  private static let header = PriceTable.columns.joined(separator: ",")
  private static let d2 = "azure,eastus,Standard_D2s_v5,2,8,x86_64,0.096,0.0192,,2026-06-18,,KAZ+LP20"

  private func table(_ lines: [String], header: String = header) throws -> PriceTable {
    try PriceTable(bytes: Array(([header] + lines).joined(separator: "\n").utf8), name: "own.csv")
  }

  /// The program has the table inside, so that it is found from every folder. After a change of the file,
  /// `.ci/write-built-in-prices` writes it.
  @Test func theBuiltInTableIsTheFile() throws {
    let path = "\(SondeProgram.packageRoot)/Data/prices.csv"
    let builtIn = try PriceTable.builtIn()
    #expect(PriceTable.builtInText == (try TextFile.text(of: path)), "run .ci/write-built-in-prices")
    #expect(builtIn.rows == (try PriceTable(path: path).rows))
    #expect(builtIn.rows.count == 40)
  }

  @Test func everyFigureOfTheBuiltInTableHasASource() throws {
    let page = try TextFile.text(of: "\(SondeProgram.packageRoot)/Data/README.md")
    for row in try PriceTable.builtIn().rows {
      #expect(!row.sources.isEmpty, "line \(row.line)")
      for source in row.sources { #expect(page.contains("| `\(source)` |"), "\(source)") }
    }
  }

  @Test func aRowIsRead() throws {
    let row = try table([Self.d2]).row(region: "eastus", vmSize: "Standard_D2s_v5")
    #expect(row.vcpu == 2 && row.memoryGiB == 8 && row.line == 2 && row.provider == "azure")
    #expect(row.price(.dedicated) == (try Dollars(text: "0.096")))
    #expect(row.price(.lowPriority) == (try Dollars(text: "0.0192")))
    #expect(row.price(.spot) == nil)
    #expect(row.asOf(.dedicated).text == "2026-06-18" && row.asOf(.lowPriority) == .undated)
    #expect(row.sources == ["KAZ", "LP20"])
  }

  @Test func orderOfColumnsAndOthersDoNotMatter() throws {
    let header = (["note"] + PriceTable.columns.reversed()).joined(separator: ",")
    let line = (["mine"] + Self.d2.split(separator: ",", omittingEmptySubsequences: false).reversed())
      .joined(separator: ",")
    #expect(try table([line], header: header).rows == table([Self.d2]).rows)
  }

  @Test(arguments: PriceTable.columns) func everyColumnIsNeeded(column: String) throws {
    let header = PriceTable.columns.map { $0 == column ? "other" : $0 }.joined(separator: ",")
    let error = try #require(throws: CSVError.self) { try table([Self.d2], header: header) }
    #expect(error.description.hasPrefix("own.csv:1: there is no column “\(column)”; the columns are "))
  }

  @Test(arguments: [
    ("dedicated_usd_h", "", "dedicated_usd_h is missing; every size needs a dedicated price"),
    ("dedicated_usd_h", "-0.096", "dedicated_usd_h is “-0.096”; a price cannot be negative"),
    ("low_priority_usd_h", "-1", "low_priority_usd_h is “-1”; a price cannot be negative"),
    (
      "spot_usd_h", "nan",
      "spot_usd_h is “nan”; it must be dollars an hour as a decimal number, such as 0.096"
    ),
    (
      "dedicated_usd_h", "inf",
      "dedicated_usd_h is “inf”; it must be dollars an hour as a decimal number, such as 0.096"
    ),
    (
      "dedicated_usd_h", "$0.1",
      "dedicated_usd_h is “$0.1”; it must be dollars an hour as a decimal number, such as 0.096"
    ),
    (
      "dedicated_usd_h", "0.0000000001",
      "dedicated_usd_h is “0.0000000001”; a price has 9 digits after the point at most"
    ),
    (
      "dedicated_usd_h", "10001",
      "dedicated_usd_h is “10001”; an hour of a virtual machine costs 10000 dollars at most"
    ),
    ("vcpu", "0", "vcpu is “0”; it must be a whole number of at least 1"),
    ("vcpu", "2.5", "vcpu is “2.5”; it must be a whole number of at least 1"),
    ("vcpu", "", "vcpu is missing"), ("region", " ", "region is missing"),
    ("vm_size", "", "vm_size is missing"),
    ("provider", "", "provider is missing"),
    ("memory_gib", "0", "memory_gib is “0”; it must be a number above 0, or empty where it is not known"),
    (
      "dedicated_as_of", "June",
      "dedicated_as_of is “June”; it must be a day such as 2026-06-18, a month such as 2026-06, or undated"
    ),
    (
      "discount_as_of", "2026-13",
      "discount_as_of is “2026-13”; it must be a day such as 2026-06-18, a month such as 2026-06, or undated"
    ),
  ]) func aBadCellIsNamedWithItsLine(column: String, cell: String, reason: String) throws {
    var cells = Self.d2.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    cells[try #require(PriceTable.columns.firstIndex(of: column))] = cell
    let other = Self.d2.replacing("Standard_D2s_v5", with: "Standard_D4s_v5")
    let error = try #require(throws: CSVError.self) { try table([other, cells.joined(separator: ",")]) }
    #expect(error.description == "own.csv:3: \(reason)")
    #expect(error.exitStatus == .usage)
  }

  @Test func aSizeHasOnePrice() throws {
    let error = try #require(throws: CSVError.self) { try table([Self.d2, Self.d2]) }
    #expect(
      error.description
        == "own.csv:3: “Standard_D2s_v5” of “azure” in “eastus” has a price already, in line 2")
  }

  @Test func aTableWithoutRowsIsNone() throws {
    let error = try #require(throws: CSVError.self) { try table([]) }
    #expect(error.description == "own.csv:1: there is a header, but no price")
    #expect(throws: FileError.self) { try PriceTable(path: "/nowhere/prices.csv") }
  }

  @Test func unknownNamesGetTheNearestOne() throws {
    let table = try PriceTable.builtIn()
    func reason(
      _ region: String, _ size: String, _ tier: ClusterTier = .dedicated, of provider: String? = nil
    )
      throws -> String
    {
      try #require(throws: PriceLookupError.self) {
        try table.price(region: region, vmSize: size, tier: tier, provider: provider)
      }.description
    }
    #expect(
      try reason("eastsu", "Standard_D2s_v5")
        == "Data/prices.csv: there is no region “eastsu”; did you mean “eastus”?")
    #expect(
      try reason("eastus", "Standard_D2s_v6")
        == "Data/prices.csv: there is no VM size “Standard_D2s_v6” in “eastus”; did you mean “Standard_D2s_v3”?"
    )
    #expect(
      try reason("mars", "Standard_D2s_v5")
        == "Data/prices.csv: there is no region “mars”; known are eastus, eu-west-3, europe-west1, europe-west9, "
        + "francecentral, us-central1, us-east-1, westeurope")
    #expect(
      try reason("francecentral", "Standard_D2s_v5")
        == "Data/prices.csv: there is no price of “Standard_D2s_v5” in “francecentral”, but in eastus, westeurope"
    )
    #expect(
      try reason("eastus", "Standard_B2s", .spot)
        == "Data/prices.csv:4: “Standard_B2s” in “eastus” has no price for the tier spot; it has one for dedicated"
    )
    #expect(
      try reason("eastus", "Standard_B2s", of: "azur")
        == "Data/prices.csv: there is no provider “azur”; did you mean “azure”?")
  }

  @Test func aRegionOfTwoProvidersNeedsTheProvider() throws {
    let table = try table([
      Self.d2, Self.d2.replacing("azure", with: "other").replacing("0.096", with: "0.1"),
    ])
    let error = try #require(throws: PriceLookupError.self) {
      try table.row(region: "eastus", vmSize: "Standard_D2s_v5")
    }
    #expect(error.reason.contains("is a size of several providers: azure, other"))
    let row = try table.row(region: "eastus", vmSize: "Standard_D2s_v5", provider: "other")
    #expect(row.line == 3)
  }
}
