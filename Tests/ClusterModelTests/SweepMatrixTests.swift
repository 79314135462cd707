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

/// What the others are measured by.
@Suite struct ReferenceTests {
  private func cell(_ nodes: Int, _ batch: String, target: String = "local") -> ClusterCell {
    var cell = ClusterCell(mode: .measured, nodes: nodes)
    (cell.miniBatchSize, cell.target) = (batch, target)
    return cell
  }

  private func settings(holdingOut combinations: [SweepMatrix.Combination]) -> SweepSettings {
    var settings = SweepSettings()
    settings.measured = .init(matrix: SweepMatrix(axes: [:]))
    settings.measured?.holdOut = combinations
    return settings
  }

  @Test func itIsAMeasuredCellThatIsNotHeldOut() {
    let cells = [cell(2, "5"), cell(1, "5"), cell(1, "10")]
    #expect(settings(holdingOut: []).reference(for: cells, miniBatchSize: "auto") == cell(1, "5"))
    let other = settings(holdingOut: [[.miniBatchSize: "5"]])
    #expect(other.reference(for: cells, miniBatchSize: "auto") == cell(1, "10"))
  }

  /// The model is fitted on it: what is held out must not be it.
  @Test func whereAllAreHeldOutItIsNoneOfThem() {
    let all = settings(holdingOut: [[.nodes: "1"]])
    #expect(all.reference(for: [cell(1, "5"), cell(2, "5")], miniBatchSize: "auto") == cell(1, "auto"))
    let cells = [cell(1, "auto"), cell(1, "1"), cell(2, "auto")]
    #expect(all.reference(for: cells, miniBatchSize: "auto") == cell(1, "2"))
  }

  @Test func itRunsWhereTheOthersDo() {
    let found = settings(holdingOut: []).reference(for: [cell(4, "1", target: "slurm")], miniBatchSize: "7")
    #expect(found == cell(1, "7", target: "slurm"))
  }
}
