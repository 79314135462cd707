import ClusterModel
import Telemetry
import Testing

@Suite struct DollarsTests {
  @Test(arguments: [
    ("0.0961", 96_100_000), ("12", 12_000_000_000), (".5", 500_000_000), ("0", 0),
    ("1.000000001", 1_000_000_001),
    ("0.10000000000", 100_000_000), ("007.5", 7_500_000_000),
  ]) func amountsAreReadExactly(text: String, billionths: Int64) throws {
    #expect(try Dollars(text: text).billionths == billionths)
  }

  @Test(arguments: [
    ("", Dollars.TextFault.missing), ("-0.1", .negative), ("nan", .notANumber), ("inf", .notANumber),
    ("1e-3", .notANumber), ("0x1", .notANumber), ("1,5", .notANumber), (".", .notANumber),
    ("1.2.3", .notANumber),
    ("-", .notANumber), ("٣", .notANumber), ("0.0000000001", .tooManyDigits), ("99999999999", .tooLarge),
  ]) func whatIsNoAmountIsRefused(text: String, fault: Dollars.TextFault) {
    #expect(throws: fault) { try Dollars(text: text) }
  }

  @Test func textIsReadBack() throws {
    var generator = SeededGenerator(seed: 15)
    for _ in 0..<1000 {
      let amount = Dollars(billionths: Int64(generator.next() >> (2 + generator.index(below: 60))))
      #expect(try Dollars(text: amount.text()) == amount)
    }
    #expect(Dollars(billionths: 36_270_000_000).text(decimals: 2) == "36.27")
    #expect(Dollars(billionths: -5).text() == "-0.000000005")
  }

  @Test func productsAreRoundedOnceAndHalvesToTheEvenOne() {
    #expect(Dollars(billionths: 1).times(1, over: 2).billionths == 0)
    #expect(Dollars(billionths: 3).times(1, over: 2).billionths == 2)
    #expect(Dollars(billionths: -3).times(1, over: 2).billionths == -2)
    #expect(Dollars(billionths: 2).times(1, over: 3).billionths == 1)
    // Beyond 64 bits on the way, and beyond them in the end.
    #expect(
      Dollars(billionths: 9e18.asInt).times(9_000_000_000, over: 9_000_000_000).billionths == 9e18.asInt)
    #expect(Dollars(billionths: 9e18.asInt).times(9, over: 1).billionths == .max)
  }

  @Test func theLargestAmountIsRoundedToItself() {
    #expect(Dollars(billionths: .max).rounded(decimals: 0) == "9223372036.854775807")
    #expect(Dollars(nearest: 1e300) == Dollars(billionths: .max))
  }

  @Test(arguments: [
    (36_204_000_000, "$36.20"), (124_000_000, "$0.1240"), (12_400_000, "$0.0124"), (1_240_000, "$0.001240"),
    (0, "$0.000000"), (-36_204_000_000, "-$36.20"),
    (.max, "$9223372036.85"),
  ]) func sentencesShowWhatMatters(billionths: Int64, text: String) {
    #expect(Dollars(billionths: billionths).sentenceText == text)
  }
}

extension Double {
  fileprivate var asInt: Int64 { Int64(self) }
}
