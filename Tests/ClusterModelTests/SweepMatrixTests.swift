import ClusterModel
import Compute
import Testing

@Suite struct SweepMatrixTests {
  @Test func everyValueMeetsEveryOther() {
    let matrix = SweepMatrix(
      axes: [.nodes: ["1", "2"], .tier: ["dedicated", "low_priority"]],
      exclude: [[.nodes: "2", .tier: "low_priority"]],
      include: [[.nodes: "2", .miniBatchSize: "10"], [.nodes: "64"]])
    #expect(
      matrix.combinations == [
        [.nodes: "1", .tier: "dedicated"], [.nodes: "1", .tier: "low_priority"],
        [.nodes: "2", .tier: "dedicated", .miniBatchSize: "10"], [.nodes: "64"],
      ])
  }

  @Test func whatIsIncludedAloneIsNotExtended() {
    let matrix = SweepMatrix(axes: [:], include: [[.nodes: "1"], [.tier: "spot"]])
    #expect(matrix.combinations == [[.nodes: "1"], [.tier: "spot"]])
  }

  @Test func aMillionCellsAreRefused() throws {
    let numbers = (1...100).map(String.init)
    let matrix = SweepMatrix(axes: [.nodes: numbers, .coresPerNode: numbers, .miniBatchSize: numbers])
    #expect(matrix.size == 1_000_000)
    let error = #expect(throws: SweepError.self) {
      try SweepSettings().cells(matrix, .simulated, PriceTable.builtIn())
    }
    #expect(error?.description == "the matrix has 1000000 sizes; at most 2000 are looked at")
  }

  @Test(arguments: [
    ([SweepAxis.nodes: ["0"]], "nodes: expected a whole number from 1 to 10000, found “0”"),
    ([.nodes: ["10001"]], "nodes: expected a whole number from 1 to 10000, found “10001”"),
    ([.tier: ["cheap"]], "tier: expected dedicated, low_priority, spot, found “cheap”"),
    ([.vmSize: ["Standard_D2s_v5"]], "vm_size “Standard_D2s_v5” has no price without a “region”"),
  ])
  func whatIsNoSizeIsRefused(axes: [SweepAxis: [String]], reason: String) {
    let error = #expect(throws: SweepError.self) {
      try SweepSettings().cells(SweepMatrix(axes: axes), .simulated, PriceTable.builtIn())
    }
    #expect(error?.description == reason)
  }

  @Test func unknownSizesAndRegionsAreNamed() throws {
    var settings = SweepSettings()
    settings.region = "eastus"
    let error = #expect(throws: PriceLookupError.self) {
      try settings.cells(SweepMatrix(axes: [.vmSize: ["Standard_D2s_v6"]]), .simulated, PriceTable.builtIn())
    }
    #expect(error?.description.contains("Standard_D2s_v6") == true, "\(error?.description ?? "")")
    settings.region = "eastsu"
    #expect(throws: PriceLookupError.self) {
      try settings.cells(SweepMatrix(axes: [.vmSize: ["Standard_D2s_v5"]]), .simulated, PriceTable.builtIn())
    }
  }

  @Test func aSizeHasTheCoresOfItsMachine() throws {
    var settings = SweepSettings()
    settings.region = "eastus"
    let cells = try settings.cells(
      SweepMatrix(axes: [.vmSize: ["Standard_F16s_v2"]], include: [[.coresPerNode: "4"]]), .simulated,
      PriceTable.builtIn())
    #expect(cells.map(\.coresPerNode) == [4])
    let whole = try settings.cells(
      SweepMatrix(axes: [.vmSize: ["Standard_F16s_v2"]]), .simulated, PriceTable.builtIn())
    #expect(whole.map(\.coresPerNode) == [16])
  }

  @Test func whatDoesNotFitThisMachineIsNotMeasured() {
    var cell = ClusterCell(mode: .measured, nodes: 2)
    cell.coresPerNode = 2
    let error = #expect(throws: SweepError.self) { try SweepSettings.check([cell], cores: 2) }
    #expect(error?.description.contains("write “paced” or “simulate”") == true)
    #expect(throws: Never.self) { try SweepSettings.check([cell], cores: 4) }
    cell.mode = .simulated
    #expect(throws: Never.self) { try SweepSettings.check([cell], cores: 2) }
  }
}
