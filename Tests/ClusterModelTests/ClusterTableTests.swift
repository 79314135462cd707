import ClusterModel
import Compute
import Files
import Telemetry
import Testing

@Suite struct ClusterTableTests {
  private static let header =
    "target,region,vm_size,tier,nodes,min_instances,cores_per_node,mini_batch_size,mode,repeats,makespan_seconds,makespan_low_seconds,"
    + "makespan_high_seconds,windows_per_second,speedup,efficiency,node_hours,billed_node_hours,cost_usd,"
    + "cost_usd_per_million_windows,cost_usd_per_month,billing,price_usd_h,price_as_of,speed\n"

  private func priced() throws -> ClusterTable {
    let lives = (1...2).map { ClusterSamples.life($0, provisioning: 285, running: 60, idle: 120) }
    let table = try PriceTable.builtIn()
    var row = ClusterSamples.row(nodes: 2, seconds: 345, lives: lives)
    row.speedup = 1.5
    let pricing = try #require(try ClusterPricing(of: row.cell, in: table))
    return ClusterTable([
      .init(row: row.priced(pricing, every: .seconds(3600), idleTime: .seconds(120)), pricing: pricing),
      .init(row: ClusterSamples.row(.measured, nodes: 1, vmSize: nil, seconds: 0.1)),
    ])
  }

  @Test func columnsAndText() throws {
    let table = try priced()
    #expect(
      table.text == Self.header
        + "local,eastus,Standard_D2s_v5,dedicated,2,0,1,auto,simulated,5,345,345,345,2.898550724637681,1.5,0.75,"
        + "0.19166666666666668,0.25833333333333336,0.0248,24.8,18.104,azure,0.096,2026-06-18,1\n"
        + "local,,,dedicated,1,0,1,auto,measured,5,0.1,0.1,0.1,10000,,,2.777777777777778e-05,,,,,,,,1\n")
    #expect(
      table.nodesText == """
        row,node,state,from_ms,to_ms
        1,1,provisioning,0,285000
        1,1,running,285000,345000
        1,1,idle,345000,465000
        1,2,provisioning,0,285000
        1,2,running,285000,345000
        1,2,idle,345000,465000

        """)
  }

  @Test func itIsReadBack() throws {
    let table = try priced()
    #expect(try ClusterTable(table.text, nodes: table.nodesText) == table)
  }

  @Test(arguments: [UInt64](1...40)) func anyTableIsReadBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func maybe(_ value: Double) -> Double? { generator.index(below: 3) == 0 ? nil : value }
    let entries = (0..<1 + generator.index(below: 6)).map { _ in
      var lives = ClusterSamples.lives(&generator)
      // Files have whole milliseconds.
      for index in lives.indices {
        lives[index].end = .milliseconds(lives[index].end.milliseconds)
        for other in lives[index].stretches.indices {
          lives[index].stretches[other].from =
            .milliseconds(lives[index].stretches[other].from.milliseconds)
        }
      }
      var row = ClusterSamples.row(
        ClusterMode.allCases[generator.index(below: 3)], nodes: 1 + generator.index(below: 100),
        vmSize: generator.index(below: 2) == 0 ? nil : "Odd, \"size\"",
        seconds: generator.uniform(in: 0.001...1e5), spread: generator.uniform(in: 0...0.3), lives: lives)
      row.windows = generator.index(below: 100_000_000)
      row.cell.tier = ClusterTier.allCases[generator.index(below: 3)]
      row.cell.coresPerNode = 1 + generator.index(below: 64)
      row.cell.miniBatchSize = String(1 + generator.index(below: 64))
      row.cell.target = "slurm"
      row.speedup = maybe(generator.uniform(in: 0.1...64))
      row.billedNodeHours = maybe(generator.uniform(in: 0...1e6))
      row.costUSD = maybe(generator.uniform(in: 0...1e-4))
      row.costUSDPerMonth = maybe(generator.uniform(in: 0...1e9))
      let pricing = ClusterPricing(
        billing: .gcp, price: Dollars(billionths: Int64(generator.index(below: 1 << 40))))
      return ClusterTable.Entry(
        row: row, pricing: generator.index(below: 2) == 0 ? nil : pricing,
        speed: generator.uniform(in: 0.5...2))
    }
    let table = ClusterTable(entries)
    #expect(try ClusterTable(table.text, nodes: table.nodesText) == table, "seed \(seed)")
  }

  /// Numbers of nodes are used again: `provisioning` begins a life, and so does a gap.
  @Test func livesOfOneNumberAreToldApart() throws {
    let lives = [
      ClusterSamples.life(1, running: 10), ClusterSamples.life(1, at: 10, provisioning: 5, running: 5),
      NodeLife(node: 1, stretches: [.init(state: .idle, from: .seconds(21))], end: .seconds(22)),
    ]
    let table = ClusterTable([.init(row: ClusterSamples.row(nodes: 1, seconds: 1, lives: lives))])
    #expect(try ClusterTable(table.text, nodes: table.nodesText) == table)
  }

  @Test(arguments: [
    ("nodes", "0", "nodes is “0”; it must be a whole number of at least 1"),
    ("mode", "guessed", "mode is “guessed”; it must be one of measured, paced, simulated"),
    ("tier", "cheap", "tier is “cheap”; it must be one of dedicated, low_priority, spot"),
    ("makespan_seconds", "", "makespan_seconds is missing"),
    ("cost_usd", "-1", "cost_usd is “-1”; it must be a number of at least 0"),
    ("cost_usd", "nan", "cost_usd is “nan”; it must be a number of at least 0"),
    ("price_usd_h", "much", "price_usd_h is “much”; it must be dollars an hour, such as 0.096"),
    ("price_as_of", "now", "price_as_of is “now”; it must be a day, a month, or undated"),
    ("speed", "0", "speed is 0.0; it must be above 0"),
    ("windows_per_second", "1e300", "windows_per_second is too large"),
  ]) func aBadCellIsNamed(column: String, cell: String, reason: String) throws {
    var lines = try priced().text.split(separator: "\n").map(String.init)
    var cells = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    cells[try #require(ClusterTable.columns.firstIndex(of: column))] = cell
    lines[1] = cells.joined(separator: ",")
    let error = try #require(throws: CSVError.self) { try ClusterTable(lines.joined(separator: "\n")) }
    #expect(error.description == "clusters.csv:2: \(reason)")
  }

  @Test(arguments: [
    ("3,1,idle,0,1", "row is 3, but clusters.csv has 2 rows"),
    ("0,1,idle,0,1", "row is “0”; it must be a whole number of at least 1"),
    ("1,1,idle,2,1", "to_ms is 1, before from_ms, 2"),
    ("1,1,idle,x,1", "from_ms is “x”; it must be a whole number"),
    (
      "1,1,asleep,0,1",
      "state is “asleep”; it must be one of provisioning, idle, running, leaving, preempted, unusable"
    ),
  ]) func aBadNodeIsNamed(line: String, reason: String) throws {
    let error = try #require(throws: CSVError.self) {
      try ClusterTable(priced().text, nodes: "row,node,state,from_ms,to_ms\n\(line)\n")
    }
    #expect(error.description == "cluster-nodes.csv:2: \(reason)")
  }

  @Test func terminalsGetATable() throws {
    var table = try priced()
    table.entries[1].row.makespanLowSeconds = 0.08
    table.entries[1].row.makespanHighSeconds = 0.11
    #expect(
      table.terminalText
        == """
        mode      size   nodes tier      batch  makespan speed-up $ a job $ a month
        simulated D2s_v5     2 dedicated  auto     5m45s     1.50  0.0248     18.10
        measured  local      1 dedicated  auto 0.1s ±15%        -       -         -
        A node of every size is taken to be as fast as this host (speed 1.0).

        """)
    table.entries[0].row.costUSD = 0.000281
    #expect(table.terminalText.contains(" 0.000281 "))
    table.entries[0].speed = 1.25
    #expect(
      table.terminalText.hasSuffix(
        "Speeds relative to this host: Standard_D2s_v5 1.25; 1.0 where nothing else is said.\n"))
  }

  @Test func noLineIsWiderThanATerminal() {
    var row = ClusterSamples.row(
      nodes: 10_000, vmSize: "Standard_NC96ads_A100_v4_with_a_long_name", seconds: 123_456_789, spread: 0.9,
      cost: 123_456_789.123)
    row.cell.tier = .lowPriority
    row.cell.miniBatchSize = "1000000"
    row.speedup = 12_345.678
    row.costUSDPerMonth = 1e12
    let table = ClusterTable([.init(row: row), .init(row: ClusterSamples.row(nodes: 1, seconds: 1))])
    for line in table.terminalText.split(separator: "\n") {
      #expect(line.count <= ClusterTable.terminalColumns, "\(line.count): \(line)")
    }
    #expect(table.terminalText.contains(" NC96"))
    #expect(table.terminalText.contains(" 10000 low prio. 1000000 34294h ±90% 12345.68    123M  1000000M\n"))
  }
}
