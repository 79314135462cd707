import DeviceFleet
import Testing
import Verdict

/// Which part is named as the limit: each rule provoked by figures, and held off by the smallest change of them.
@Suite struct LoadLimitTests {
  private func limit(_ change: (inout LoadFigures) -> Void) -> LoadLimit {
    LoadLimit(LoadSamples.strained(1, change))
  }

  @Test func aStageThatIsCarriedHasNoLimit() {
    #expect(LoadSamples.stage().isCarried == true)
    #expect(LoadLimit(LoadSamples.stage { $0.ingestionCores = 0.99 }).part == .none)
  }

  /// What is demanded of a carried stage, each on its edge.
  @Test func aStageIsCarriedWhereAllOfItCameInTime() {
    func isCarried(_ change: (inout LoadFigures) -> Void) -> Bool? { LoadSamples.stage(1, change).isCarried }
    #expect(isCarried { $0.p99 = 250 } == true)
    #expect(isCarried { $0.p99 = 250.1 } == false)
    // 99% of a thousand a second, and two messages in five seconds.
    #expect(isCarried { $0.achieved = 989.7 } == true)
    #expect(isCarried { $0.achieved = 989.5 } == false)
    // A quarter of a second's messages may wait.
    #expect(isCarried { $0.backlogAtEnd = 252 } == true)
    #expect(isCarried { $0.backlogAtEnd = 253 } == false)
    #expect(isCarried { ($0.backlogAtBegin, $0.backlogAtEnd) = (1000, 1252) } == true)
    #expect(isCarried { $0.offered = nil } == nil)
    #expect(isCarried { ($0.achieved, $0.p99) = (nil, nil) } == nil)
  }

  @Test func aPartThatUsesACoreIsNamed() {
    let ingestion = limit { ($0.ingestionCores, $0.machineCores) = (0.97, 1.9) }
    #expect(
      ingestion.part == .ingestion
        && ingestion.reason == "ingestion, which has one thread, used 97% of a core")
    #expect(limit { ($0.brokerCores, $0.ingestionCores) = (0.95, 0.9) }.part == .broker)
    #expect(limit { $0.fleetCores = 0.86 }.part == .fleet)
    #expect(limit { $0.fleetCores = 0.84 }.part != .fleet)
    // Two processes have two cores.
    #expect(limit { ($0.fleetCores, $0.processes) = (1.2, 2) }.part != .fleet)
    let two = limit { ($0.fleetCores, $0.processes) = (1.8, 2) }
    #expect(two.part == .fleet && two.reason == "each of the 2 publishing processes used 90% of a core")
  }

  @Test func aMachineWithoutAFreeProcessorIsNamed() {
    let busy = limit {
      ($0.fleetCores, $0.brokerCores, $0.ingestionCores, $0.machineCores) = (0.6, 0.55, 0.8, 1.98)
    }
    #expect(busy.part == .machine)
    #expect(
      busy.reason
        == "its 2 processors were busy to 99% (cores: fleet 0.60, broker 0.55, ingestion 0.80, others 0.03)")
    #expect(limit { $0.machineCores = 1.85 }.part != .machine)
    // Parts that wait for one another leave some of the machine that they fill idle.
    let crowded: (inout LoadFigures) -> Void = {
      ($0.fleetCores, $0.brokerCores, $0.ingestionCores, $0.machineCores) = (0.5, 0.7, 0.45, 1.72)
    }
    #expect(limit(crowded).part == .machine)
    #expect(
      limit {
        crowded(&$0)
        $0.machineCores = 1.69
      }.part != .machine)
    #expect(limit { ($0.machineCores, $0.processors) = (1.98, 4) }.part != .machine)
  }

  /// Where others fill the machine, what stood still is named all the same, and what had to wait for a processor is not.
  @Test func othersThatFillTheMachineAreTheLimitOfWhatWaitsForThem() {
    func filled(_ change: (inout LoadFigures) -> Void) -> LoadLimit.Part {
      limit { figures in
        figures.machineCores = 2
        change(&figures)
      }.part
    }
    #expect(filled { $0.ingestionCores = 0.3 } == .machine)
    #expect(filled { $0.ingestionCores = 0.02 } == .ingestion)
    #expect(filled { ($0.waiting, $0.lag) = (0.6, .init(p50: 100, p99: 900, max: 1000)) } == .broker)
    #expect(
      filled { ($0.waiting, $0.brokerCores, $0.lag) = (0.6, 0.2, .init(p50: 100, p99: 900, max: 1000)) }
        == .machine)
    #expect(filled { $0.lag = .init(p50: 100, p99: 900, max: 1000) } == .machine)
  }

  @Test func aDiskThatIsBusyIsNamed() {
    #expect(limit { ($0.committing, $0.ingestionCores) = (0.9, 0.2) }.part == .disk)
    #expect(limit { ($0.committing, $0.ingestionCores) = (0.9, 0.9) }.part == .ingestion)
    #expect(limit { $0.committing = 0.79 }.part != .disk)
  }

  @Test func aBrokerThatIsSlowToAcknowledgeIsNamed() {
    let slow = limit { ($0.waiting, $0.lag) = (0.6, .init(p50: 100, p99: 900, max: 1000)) }
    #expect(slow.part == .broker && slow.reason.contains("60% of its time"))
    // A broker elsewhere, of which no figures are known.
    #expect(limit { ($0.waiting, $0.brokerCores) = (0.6, nil) }.part == .broker)
    #expect(limit { ($0.waiting, $0.lag) = (0.29, .init(p50: 100, p99: 900, max: 1000)) }.part == .fleet)
  }

  @Test func ingestionIsNamedWhereWhatLeftInTimeWaits() {
    let growing = limit { _ in }
    #expect(growing.part == .ingestion && growing.reason.contains("1,000 messages more"))
    let slow = limit { ($0.backlogAtEnd, $0.achieved) = (0, 1000) }
    #expect(slow.part == .ingestion && slow.reason.contains("1,200 ms or longer"))
  }

  @Test func aFleetThatIsLateWithoutAReasonIsNamed() {
    let late = limit { $0.lag = .init(p50: 100, p99: 900, max: 1000) }
    #expect(late.part == .fleet && late.reason.contains("900 ms late"))
  }

  @Test func whereNoFigureSaysWhyThatIsSaid() {
    #expect(limit { ($0.lag, $0.waiting) = (nil, nil) }.part == .unknown)
  }

  /// Under max the fleet is as fast as the pipeline, and what is full is named.
  @Test func aLoadWithoutScheduleHasALimitToo() {
    let figures = LoadSamples.stage {
      ($0.offered, $0.lag, $0.waiting, $0.ingestionCores) = (nil, nil, nil, 0.9)
    }
    #expect(LoadLimit(figures).part == .ingestion)
  }

  @Test func eachLimitHasItsAdvice() {
    func advice(_ part: LoadLimit.Part, _ change: (inout LoadFigures) -> Void = { _ in }) -> String {
      LoadAdvice.text(part, LoadSamples.strained(1, change), connections: 3)
    }
    for part in LoadLimit.Part.allCases {
      #expect(advice(part).hasPrefix("try ") && advice(part).contains("clock"), "\(advice(part))")
    }
    #expect(advice(.fleet).contains("publishing.processes: 2 (it was 1)"))
    #expect(!advice(.fleet) { $0.processes = 2 }.contains("publishing.processes:"))
    #expect(advice(.broker) { $0.waiting = 0.5 }.contains("gateways"))
    #expect(advice(.broker).contains("batch"))
    #expect(advice(.machine) { $0.processes = 3 }.contains("fewer publishing.processes (they were 3)"))
  }
}
