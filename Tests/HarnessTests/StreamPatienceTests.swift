import Harness
import StreamScoring
import Testing

/// How long a run waits for its stream.
@Suite struct StreamPatienceTests {
  private func state(requests: Int, backlog: Int) -> StreamState {
    var state = StreamState()
    state.functionRequests = requests
    state.retries = requests
    state.backloggedWindows = backlog
    return state
  }

  @Test func rowsThatAreScoredAreProgress() {
    var patience = StreamPatience(limit: .seconds(180), from: .seconds(1000))
    for minute in 1...60 {
      let now = Duration.seconds(1000 + 60 * minute)
      let isOver = patience.isOver(state(requests: minute, backlog: 100 - minute), at: now)
      #expect(!isOver, "\(minute)")
    }
  }

  @Test func requestsThatAreSentAgainAreNone() {
    var patience = StreamPatience(limit: .seconds(180), from: .zero)
    func isOver(_ second: Int, backlog: Int) -> Bool {
      patience.isOver(state(requests: second, backlog: backlog), at: .seconds(second))
    }
    // A service that answers 503 is asked again and again.
    for second in 1...180 { #expect(!isOver(second, backlog: 7), "\(second)") }
    #expect(isOver(181, backlog: 7))
    // One row is enough.
    #expect(!isOver(182, backlog: 6))
  }
}
