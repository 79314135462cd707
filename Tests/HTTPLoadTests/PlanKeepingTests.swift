import HTTPLoad
import Testing

/// When a load says nothing, and whose fault that is.
@Suite struct PlanKeepingTests {
  private func keeping(_ change: (inout PlanKeeping.Figures) -> Void = { _ in }) -> PlanKeeping {
    var figures = PlanKeeping.Figures(
      requests: 10_000, plannedSeconds: 10, takenSeconds: 9.999, ownLagP99Ms: 0.1, waits: 0, connections: 8,
      cpuSeconds: 1, elapsedSeconds: 10)
    change(&figures)
    return PlanKeeping(figures)
  }

  @Test func aPlanThatWasKeptIsKept() {
    #expect(keeping().isKept && keeping().waited == nil)
    #expect(keeping { $0.ownLagP99Ms = 10 }.isKept)
    #expect(keeping { $0.requests = 0 }.isKept)
  }

  @Test func aGeneratorThatIsLateSaysSo() {
    let late = keeping { $0.ownLagP99Ms = 10.1 }
    #expect(late.missed?.contains("late by 10.1 ms or more (limit 10 ms)") ?? false)
    #expect(late.missed?.contains("it waited for a processor") ?? false)
    let busy = keeping {
      $0.ownLagP99Ms = 500
      $0.cpuSeconds = 9.9
    }
    #expect(busy.missed?.contains("its thread was busy") ?? false)
  }

  @Test func aGeneratorThatIsTooSlowSaysSo() {
    let slow = keeping { $0.takenSeconds = 12.5 }
    #expect(slow.missed?.contains("800.0 requests a second of 1000.0") ?? false)
    // The last request of a short load may be late by one wake.
    #expect(keeping { ($0.plannedSeconds, $0.takenSeconds) = (1, 1.04) }.isKept)
    #expect(!keeping { ($0.plannedSeconds, $0.takenSeconds) = (1, 1.06) }.isKept)
    #expect(keeping { ($0.plannedSeconds, $0.takenSeconds) = (100, 100.9) }.isKept)
  }

  @Test func aSlowServiceDoesNotBreakThePlan() {
    let waited = keeping { $0.waits = 5000 }
    #expect(waited.isKept)
    #expect(waited.waited?.contains("50% of the requests found none of 8 connections free") ?? false)
    #expect(keeping { $0.waits = 100 }.waited == nil)
  }
}
