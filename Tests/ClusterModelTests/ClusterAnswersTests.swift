import ClusterModel
import Compute
import Telemetry
import Testing

@Suite struct ClusterAnswersTests {
  private func answers(_ rows: [ClusterRow], deadline: Duration? = nil) -> ClusterAnswers {
    ClusterAnswers(rows: rows, deadline: deadline, billing: .azure, idleTime: .seconds(120))
  }

  private static let rows = [
    ClusterSamples.row(
      nodes: 1, seconds: 400, cost: 0.02, lives: [ClusterSamples.life(1, provisioning: 285, running: 115)]),
    ClusterSamples.row(nodes: 2, seconds: 210, cost: 0.021),
    ClusterSamples.row(nodes: 4, seconds: 120, cost: 0.03),
    ClusterSamples.row(nodes: 8, seconds: 90, cost: 0.06),
    ClusterSamples.row(nodes: 16, seconds: 95, cost: 0.12),
  ]

  @Test func eachQuestionHasItsRowAndItsSentence() {
    let answers = answers(Self.rows, deadline: .seconds(240))
    #expect(answers.cheapest.row?.cell.nodes == 1)
    #expect(
      answers.cheapest.sentence
        == "The cheapest size is 1 node of Standard_D2s_v5 (dedicated, eastus): 6m40s, $0.0200 a job, simulated."
    )
    #expect(answers.fastest.row?.cell.nodes == 8)
    #expect(
      answers.fastest.sentence
        == "The fastest size is 8 nodes of Standard_D2s_v5 (dedicated, eastus): 1m30s, $0.0600 a job, simulated."
    )
    #expect(answers.cheapestWithinDeadline.row?.cell.nodes == 2)
    #expect(
      answers.cheapestWithinDeadline.sentence
        == "The cheapest size within 4m is 2 nodes of Standard_D2s_v5 (dedicated, eastus): 3m30s, $0.0210 a job, simulated."
    )
    #expect(answers.nextFaster.row?.cell.nodes == 4)
    #expect(
      answers.nextFaster.sentence
        == "The next faster size, 4 nodes of Standard_D2s_v5 (dedicated, eastus): 2m, $0.0300 a job, simulated, "
        + "costs $0.009000 a job more and is done 1m30s earlier.")
    #expect(answers.smallestThatBeatsOne.row?.cell.nodes == 2)
    #expect(
      answers.smallestThatBeatsOne.sentence
        == "The smallest size that beats one node is 2 nodes of Standard_D2s_v5 (dedicated, eastus): 3m30s, $0.0210 a job, "
        + "simulated; one node takes 6m40s, simulated.")
    #expect(answers.modesSentence == "The figures are of 5 sizes: 5 simulated.")
    #expect(answers.sentences.count == 7)
  }

  @Test func theBreakEvenIntervalIsThatOfTheAnswer() {
    let answers = answers(Self.rows)
    #expect(answers.breakEvenRow?.cell.nodes == 1 && answers.breakEvenInterval == .seconds(520))
    #expect(
      answers.breakEvenSentence
        == "With 1 node of Standard_D2s_v5 (dedicated, eastus), scaling to zero after 2m without work costs less than "
        + "keeping the nodes where jobs begin more than 8m40s apart (simulated, billed as azure).")
    let without = self.answers(Self.rows, deadline: .seconds(240))
    #expect(without.breakEvenRow?.cell.nodes == 2 && without.breakEvenInterval == nil)
    #expect(without.breakEvenSentence.hasPrefix("There is no break-even interval: the nodes of 2 nodes of"))
  }

  @Test func withoutRowsNothingIsAnswered() {
    let answers = answers([], deadline: .seconds(60))
    for answer in [
      answers.cheapest, answers.fastest, answers.cheapestWithinDeadline, answers.nextFaster,
      answers.smallestThatBeatsOne,
    ] { #expect(answer.row == nil && answer.sentence.hasSuffix(".")) }
    #expect(answers.cheapest.sentence == "There is no cheapest size: the sweep has no rows.")
    #expect(answers.breakEvenInterval == nil && answers.modesSentence == "There are no figures.")
  }

  @Test func withoutPricesMoneyIsNotAnswered() {
    let rows = [1, 2].map { ClusterSamples.row(.measured, nodes: $0, vmSize: nil, seconds: 4 / Double($0)) }
    let answers = answers(rows, deadline: .seconds(60))
    #expect(answers.cheapest.sentence == "There is no cheapest size: no row has a price.")
    #expect(
      answers.cheapestWithinDeadline.sentence
        == "There is no cheapest size within 1m: no row has a price.")
    #expect(answers.cheapest.row == nil && answers.cheapestWithinDeadline.row == nil)
    #expect(answers.fastest.sentence == "The fastest size is 2 nodes of local: 2s, measured.")
    #expect(answers.smallestThatBeatsOne.row?.cell.nodes == 2)
  }

  @Test func rowsWithoutAPriceAreLeftOutAndCounted() {
    let answers = answers(Self.rows + [ClusterSamples.row(nodes: 3, seconds: 1)])
    #expect(answers.cheapest.row?.cell.nodes == 1 && answers.fastest.row?.cell.nodes == 3)
    #expect(answers.cheapest.sentence.hasSuffix(" 1 size without a price was left out."))
  }

  @Test func deadlinesThatNothingKeepsAndThatAreNotGiven() {
    let none = answers(Self.rows, deadline: .seconds(89))
    #expect(none.cheapestWithinDeadline.row == nil)
    #expect(
      none.cheapestWithinDeadline.sentence
        == "No size with a price is done within 1m29s; the fastest is 8 nodes of Standard_D2s_v5 (dedicated, eastus): "
        + "1m30s, $0.0600 a job, simulated.")
    let fastest = answers(Self.rows, deadline: .seconds(90))
    #expect(fastest.cheapestWithinDeadline.row?.cell.nodes == 8)
    #expect(fastest.nextFaster.sentence == "No size with a price is faster than that.")
    #expect(
      answers(Self.rows).cheapestWithinDeadline.sentence
        == "There is no cheapest size within a deadline: none was given.")
    let wide = answers(
      [ClusterSamples.row(nodes: 1, seconds: 100, spread: 0.1, cost: 1)], deadline: .seconds(105))
    #expect(
      wide.cheapestWithinDeadline.sentence.hasSuffix(" Its interval goes up to 1m50s, beyond the deadline."))
  }

  @Test func measuredComesBeforePacedAndPacedBeforeSimulated() {
    let rows = [
      ClusterSamples.row(.simulated, nodes: 2, seconds: 1, cost: 0.01),
      ClusterSamples.row(.measured, nodes: 2, seconds: 3, cost: 0.03),
      ClusterSamples.row(.paced, nodes: 2, seconds: 2, cost: 0.02),
      ClusterSamples.row(.simulated, nodes: 4, seconds: 4, cost: 0.04),
      ClusterSamples.row(.paced, nodes: 4, seconds: 5, cost: 0.05),
    ]
    let answers = answers(rows)
    #expect(answers.fastest.row?.cell.mode == .measured && answers.fastest.row?.makespanSeconds == 3)
    #expect(
      answers.modesSentence
        == "The figures are of 2 sizes: 1 measured, 1 paced. Where a size has several rows, measured counts before paced, and "
        + "paced before simulated: 3 rows were left out.")
    // A measured row without a price leaves the money to the paced one.
    var unpriced = rows
    unpriced[1].costUSD = nil
    let other = self.answers(unpriced)
    #expect(other.cheapest.row?.cell.mode == .paced && other.fastest.row?.cell.mode == .measured)
    #expect(
      other.modesSentence.hasSuffix(" Where the row that counts has no price, the next one does for money."))
  }

  @Test func oneNodeIsBeatenBeyondTheNoiseAndInTheSameMode() {
    let one = ClusterSamples.row(.measured, nodes: 1, vmSize: nil, seconds: 10, spread: 0.05)
    let two = ClusterSamples.row(.measured, nodes: 2, vmSize: nil, seconds: 9.2, spread: 0.05)
    #expect(
      answers([one, two]).smallestThatBeatsOne
        == .init(
          row: nil, sentence: "No size beats one node: the interval of none lies below that of one node."))
    // A simulated row would beat the measured one node, but is not compared with it.
    let simulated = ClusterSamples.row(.simulated, nodes: 4, vmSize: nil, seconds: 1)
    #expect(answers([one, two, simulated]).smallestThatBeatsOne.row == nil)
    #expect(
      answers([simulated]).smallestThatBeatsOne.sentence
        == "There is no smallest size that beats one node: no row has one that differs in its number of nodes alone."
    )
    let simulatedOne = ClusterSamples.row(.simulated, nodes: 1, vmSize: nil, seconds: 3)
    #expect(answers([one, two, simulated, simulatedOne]).smallestThatBeatsOne.row == simulated)
    // What was measured of a size counts, whatever the simulator says of it.
    let simulatedTwo = ClusterSamples.row(.simulated, nodes: 2, vmSize: nil, seconds: 2)
    #expect(answers([one, two, simulatedTwo, simulatedOne]).smallestThatBeatsOne.row == nil)
  }

  @Test(arguments: [UInt64](1...40)) func theOrderOfRowsDoesNotMatter(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // Few values, so that many are equal.
    var rows: [ClusterRow] = (0..<24).map { _ in
      var row = ClusterSamples.row(
        ClusterMode.allCases[generator.index(below: 3)], nodes: 1 + generator.index(below: 4),
        vmSize: ["Standard_D2s_v5", "Standard_F4s_v2"][generator.index(below: 2)],
        seconds: Double(1 + generator.index(below: 3)),
        cost: generator.index(below: 4) == 0 ? nil : Double(1 + generator.index(below: 3)))
      row.cell.tier = ClusterTier.allCases[generator.index(below: 3)]
      return row
    }
    var seen = Set<ClusterCell>()
    rows.removeAll { !seen.insert($0.cell).inserted }
    let answers = answers(rows, deadline: .seconds(2))
    for _ in 0..<5 {
      let others = self.answers(rows.shuffled(using: &generator), deadline: .seconds(2))
      #expect(others.sentences == answers.sentences, "seed \(seed)")
      #expect(others.cheapest == answers.cheapest && others.fastest == answers.fastest, "seed \(seed)")
    }
    let costs = rows.compactMap(\.costUSD)
    #expect(answers.cheapest.row == nil || costs.contains(answers.cheapest.row!.costUSD!), "seed \(seed)")
  }
}
