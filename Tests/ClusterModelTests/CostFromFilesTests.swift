import ClusterModel
import Compute
import Foundation
import Telemetry
import TestSupport
import Testing

private let python = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  .map { "\($0)/python3" }.first(where: FileManager.default.isExecutableFile)

/// Costs are computed again by a program that shares nothing with this one but the files: ten lines of Python with decimal numbers.
@Suite(.enabled(if: python != nil, "python3 is not installed here"))
struct CostFromFilesTests {
  /// `script clusters.csv cluster-nodes.csv prices.csv every idle` prints a line for each row that does not agree to the cent, and
  /// for each whose billed hours or price differ.
  private static let script = """
    import csv, sys, decimal; D = decimal.Decimal
    rows, nodes, prices = (list(csv.DictReader(open(f, newline=''))) for f in sys.argv[1:4]); every, idle = map(int, sys.argv[4:6])
    least = {'azure': 300, 'azure-60s': 60, 'aws': 60, 'gcp': 60}; lives = {}; last = None; up = lambda ms: -(-ms // 1000)
    for n in nodes:
      if n['state'] == 'provisioning' or last != (n['row'], n['node'], n['from_ms']): lives.setdefault(int(n['row']), []).append([])
      lives[int(n['row'])][-1].append((n['state'], int(n['from_ms']), int(n['to_ms']))); last = n['row'], n['node'], n['to_ms']
    for i, r in enumerate(rows, 1):
      price = D(next(p[r['tier'] + '_usd_h'] for p in prices if (p['region'], p['vm_size']) == (r['region'], r['vm_size'])))
      free = {'preempted'} | ({'leaving'} if r['billing'] == 'aws' else set()); B = least[r['billing']]; L = lives.get(i, [])
      s = sum(max(B, up(sum(b - a for z, a, b in l if z not in free))) for l in L if any(z not in free for z, a, b in l))
      ends = [max(b for z, a, b in l if z in ('provisioning', 'running')) for l in L if r['cost_usd_per_month']]
      month = sum(every if every * 1000 < e + idle * 1000 else max(B, up(e - l[0][1]) + idle) for e, l in zip(ends, L)) * price * 730 / every
      for name, mine in (('cost_usd', s * price / 3600), ('cost_usd_per_month', month)):
        if r[name] and abs(D(r[name]) - mine) > D('0.000000002'): print(i, name, r[name], mine)
      if abs(float(r['billed_node_hours']) - s / 3600) > 1e-9 or D(r['price_usd_h']) != price: print(i, 'billed or price')
    """

  private static let every = Duration.seconds(3600)
  private static let idle = Duration.seconds(120)

  /// What the script prints of `table` and `prices`.
  private func differences(_ text: String, _ nodes: String, prices: String) async throws -> String {
    try await withTemporaryFolder { folder in
      let files = [
        ("check.py", Self.script), ("clusters.csv", text), ("cluster-nodes.csv", nodes),
        ("prices.csv", prices),
      ]
      for (name, content) in files {
        try content.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(python))
      process.arguments =
        files.map { "\(folder)/\($0.0)" } + [String(Int(Self.every.seconds)), String(Int(Self.idle.seconds))]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let found = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return String(decoding: found, as: UTF8.self)
    }
  }

  /// A row for every price of the built-in table and every profile, with lives that end before the next job begins. Where nodes are
  /// lost, the month is left out: its rule is this program's own.
  private func table(seed: UInt64) throws -> ClusterTable {
    var generator = SeededGenerator(seed: seed)
    let prices = try PriceTable.builtIn()
    var entries: [ClusterTable.Entry] = []
    for price in prices.rows {
      for tier in ClusterTier.allCases where price.price(tier) != nil {
        for profile in BillingProfile.all {
          let isSteady = generator.index(below: 2) == 0
          let lives =
            isSteady
            ? (1...1 + generator.index(below: 6)).map {
              ClusterSamples.life(
                $0, at: Double(generator.index(below: 40_000)) / 1000,
                provisioning: Double(generator.index(below: 300_000)) / 1000,
                running: Double(generator.index(below: 900_000)) / 1000,
                idle: Double(generator.index(below: 200_000)) / 1000)
            } : ClusterSamples.lives(&generator)
          var row = ClusterSamples.row(
            nodes: lives.count, vmSize: price.vmSize, seconds: 1000, lives: lives)
          row.cell.region = price.region
          row.cell.tier = tier
          let pricing = try #require(try ClusterPricing(of: row.cell, in: prices, billing: profile))
          row = row.priced(pricing, every: isSteady ? Self.every : nil, idleTime: Self.idle)
          entries.append(.init(row: row, pricing: pricing))
        }
      }
    }
    return ClusterTable(entries)
  }

  @Test(arguments: [UInt64](1...5)) func pythonFindsTheSameCosts(seed: UInt64) async throws {
    let table = try table(seed: seed)
    #expect(table.entries.count > 300)
    #expect(table.entries.contains { $0.row.costUSDPerMonth != nil })
    let found = try await differences(table.text, table.nodesText, prices: PriceTable.builtInText)
    #expect(found.isEmpty, "seed \(seed): \(found)")
  }

  /// Four nodes of Standard_D2s_v5, billed for 465 s each.
  private func small() throws -> ClusterTable {
    let lives = (1...4).map { ClusterSamples.life($0, provisioning: 285, running: 60, idle: 120) }
    let row = ClusterSamples.row(nodes: 4, seconds: 345, lives: lives)
    let pricing = try #require(try ClusterPricing(of: row.cell, in: .builtIn()))
    return ClusterTable([
      .init(row: row.priced(pricing, every: Self.every, idleTime: Self.idle), pricing: pricing)
    ])
  }

  @Test func aDamagedCellIsFound() async throws {
    let table = try small()
    let prices = PriceTable.builtInText
    #expect(try await differences(table.text, table.nodesText, prices: prices) == "")
    let damages: [(String, String, String)] = [
      // A minute more of one node, and one node less.
      (
        table.text, table.nodesText.replacing("1,4,idle,345000,465000", with: "1,4,idle,345000,525000"),
        prices
      ),
      (
        table.text,
        table.nodesText.split(separator: "\n").dropLast(3).joined(separator: "\n") + "\n", prices
      ),
      // Another price in either file, another cost, other billing.
      (table.text, table.nodesText, prices.replacing("x86_64,0.096,", with: "x86_64,0.097,")),
      (table.text.replacing(",0.096,", with: ",0.097,"), table.nodesText, prices),
      (table.text.replacing(",0.0496,", with: ",0.0596,"), table.nodesText, prices),
      (table.text.replacing(",36.208,", with: ",36.218,"), table.nodesText, prices),
      (table.text.replacing("eastus", with: "westeurope"), table.nodesText, prices),
    ]
    for (index, damage) in damages.enumerated() {
      #expect(damage.0 != table.text || damage.1 != table.nodesText || damage.2 != prices, "damage \(index)")
      let found = try await differences(damage.0, damage.1, prices: damage.2)
      #expect(!found.isEmpty, "damage \(index)")
    }
  }
}
