import StreamScoring
import Testing

/// How long is waited, and for what.
@Suite struct BackoffTests {
  @Test func pausesDoubleUpToTheLongest() {
    var backoff = Backoff()
    #expect(backoff.failures == 0)
    let pauses = (0..<12).map { _ in backoff.fail().milliseconds }
    #expect(pauses == [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000])
    #expect(backoff.failures == 12)
    // It is tried without end.
    for _ in 0..<1000 { #expect(backoff.fail() == .seconds(5)) }
    #expect(backoff.failures == 1012)
  }

  /// What the service asks for is waited out, where it is longer, and believed up to a minute.
  @Test func theServiceMayAskForMore() {
    var backoff = Backoff()
    #expect(backoff.fail(retryAfter: .seconds(2)) == .seconds(2))
    #expect(backoff.fail(retryAfter: .zero) == .milliseconds(100))
    #expect(backoff.fail(retryAfter: .milliseconds(1)) == .milliseconds(200))
    #expect(backoff.fail(retryAfter: .seconds(60)) == .seconds(60))
    #expect(backoff.fail(retryAfter: .seconds(86_400)) == .seconds(60))
    #expect(backoff.fail(retryAfter: nil) == .milliseconds(1600))
  }
}

/// Which answers end the scoring.
@Suite struct FatalCodesTests {
  /// “503 is tried again without end; any other answer but 200 fails the job.”
  private static let recoverableIn2020: Set = [503]
  /// “Fails on 400, 401, 404, 409 and backs off on all others.”
  private static let fatalIn2022: Set = [400, 401, 404, 409]

  @Test func everyStatusIsAsTheTextsHaveIt() {
    for status in 300...599 {
      #expect(
        FatalCodes.text2020.isFatal(status) == !Self.recoverableIn2020.contains(status), "2020: \(status)")
      #expect(FatalCodes.text2022.isFatal(status) == Self.fatalIn2022.contains(status), "2022: \(status)")
    }
  }

  @Test func theTextsAreCalledByTheirYears() {
    #expect(FatalCodes.allCases.map(\.rawValue) == ["2020", "2022"])
  }
}
