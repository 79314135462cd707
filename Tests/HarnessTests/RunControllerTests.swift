import DeviceFleet
import Harness
import Supervision
import Testing
import WindowStore

/// The rules of a run, without a process and without waiting.
@Suite struct RunControllerTests {
  /// A run that is looked at every 20 ms.
  private struct Run {
    var controller: RunController
    var now = Duration.zero
    var seen = RunController.Observation(
      progress: IngestionProgress(), ingestion: .running(isReady: true))

    init(
      messages: Int = 1_000_000, isUnscheduled: Bool = true, hasOwnBroker: Bool = true, mayLose: Bool = false
    ) {
      controller = RunController(
        plannedMessages: messages, isUnscheduled: isUnscheduled, hasOwnBroker: hasOwnBroker, mayLose: mayLose)
    }

    /// Looks until so long has passed, or something is to be done.
    mutating func step(_ passing: Duration = .milliseconds(20)) -> [RunController.Action] {
      let end = now + passing
      while now < end {
        let actions = look(after: min(.milliseconds(20), end - now))
        if !actions.isEmpty { return actions }
      }
      return []
    }

    mutating func look(after passing: Duration) -> [RunController.Action] {
      now += passing
      return controller.next(seen, at: now)
    }

    mutating func store(_ messages: Int) {
      seen.progress.messages = messages
      seen.progress.storedMessages = messages
    }

    mutating func endFleet(acknowledged: Int, unconfirmed: Int = 0, waste: Int = 0) {
      var ledger = FleetLedger()
      ledger.acknowledged = acknowledged
      ledger.unconfirmed = unconfirmed
      ledger.waste = waste
      seen.ledger = ledger
      seen.fleetExit = .exited(code: 0)
    }
  }

  // MARK: - Publishing

  /// At QoS 0 what was published while ingestion was dead is lost, and the fleet must not wait for it for ever.
  @Test(arguments: [true, false]) func whatIsLostOnTheWayIsWrittenOff(mayLose: Bool) {
    var run = Run(mayLose: mayLose)
    #expect(run.step() == [.grant(messages: 10_000)])
    run.store(1)
    #expect(run.step() == [.grant(messages: 10_001)])
    var granted = 0
    for _ in 0..<20 {
      for case .grant(let messages) in run.step(.seconds(1)) { granted = messages }
    }
    #expect((granted > 10_001) == mayLose)
  }

  @Test func theFleetIsLetAheadOfWhatIsStoredAndNoFurther() {
    var run = Run()
    #expect(run.step() == [.grant(messages: 10_000)])
    #expect(run.step() == [])
    run.store(500)
    #expect(run.step() == [.grant(messages: 10_500)])
    // Late and rejected messages have been taken over as well; duplicates have not.
    run.seen.progress.lateMessages = 7
    run.seen.progress.rejectedMessages = 3
    run.seen.progress.duplicateMessages = 100
    #expect(run.step() == [.grant(messages: 10_510)])
  }

  @Test func faultsThatAreToComeKeepTheFleetNear() {
    var run = Run(messages: 20_000)
    run.seen.faults.isWaiting = true
    #expect(run.step() == [.grant(messages: 1000)])
    var small = Run(messages: 100)
    small.seen.faults.isWaiting = true
    #expect(small.step() == [.grant(messages: 200)])
    // One that is due and waits for another: the stream waits as well.
    run.store(500)
    run.seen.faults.isHeldUp = true
    #expect(run.step() == [])
    run.seen.faults.isHeldUp = false
    #expect(run.step() == [.grant(messages: 1500)])
  }

  @Test func aClockWithAScheduleIsNotSlowedDown() {
    var run = Run(isUnscheduled: false)
    #expect(run.step() == [.grant(messages: 900_000)])
  }

  @Test func whatAKilledBrokerForgotIsWrittenOffAfterASilence() {
    var run = Run()
    run.store(4000)
    #expect(run.step() == [.grant(messages: 14_000)])
    // As long as no broker was killed, nobody gives messages up.
    #expect(run.step(.seconds(60)) == [])
    run.seen.faults.brokerWasKilled = true
    #expect(run.step() == [])
    #expect(run.step(.milliseconds(2900)) == [])
    // 10,000 of those granted are nowhere.
    #expect(run.step(.milliseconds(200)) == [.grant(messages: 24_000)])
    // Not again at once.
    #expect(run.step(.milliseconds(2900)) == [])
    run.store(4001)
    #expect(run.step(.seconds(2)) == [.grant(messages: 24_001)])
    // Not while something is still broken.
    run.seen.faults.isActive = true
    #expect(run.step(.seconds(20)) == [])
    run.seen.faults.isActive = false
    #expect(run.step(.seconds(3)) == [])
  }

  @Test func aFleetThatFailsEndsTheRun() {
    var run = Run()
    run.seen.fleetExit = .exited(code: 69)
    #expect(run.step() == [.fail(.fleet(.exited(code: 69)))])
    var silent = Run()
    silent.seen.fleetExit = .exited(code: 0)
    #expect(silent.step() == [.fail(.noLedger)])
  }

  // MARK: - Ingestion

  @Test func aDeathThatNobodyPlannedIsPutRightFiveTimes() {
    var run = Run()
    _ = run.step()
    for death in 1...5 {
      run.seen.ingestion = .ended(.killed(signal: 9))
      #expect(run.step() == [.restartIngestion(after: .killed(signal: 9)), .startIngestion])
      #expect(run.controller.unplannedDeaths == death)
      run.seen.ingestion = .running(isReady: true)
      #expect(run.step() == [])
    }
    run.seen.ingestion = .ended(.killed(signal: 9))
    #expect(run.step() == [.fail(.ingestion(.killed(signal: 9)))])
  }

  @Test func ingestionThatGivesUpIsExcusedByAFaultAloneAndWaitsBeforeItStarts() {
    var run = Run()
    _ = run.step()
    run.seen.ingestion = .ended(.exited(code: 70))
    #expect(run.step() == [.fail(.ingestion(.exited(code: 70)))])
    run = Run()
    _ = run.step()
    run.seen.ingestion = .ended(.exited(code: 70))
    run.seen.faults.excusesFailures = true
    #expect(run.step() == [.restartIngestion(after: .exited(code: 70))])
    run.seen.ingestion = .absent(mayStart: true)
    #expect(run.step(.milliseconds(100)) == [])
    #expect(run.step(.milliseconds(100)) == [.startIngestion])
    #expect(run.controller.excusedFailures == 1)
    // A part that ends as if all were well has not given up.
    run.seen.ingestion = .ended(.exited(code: 0))
    #expect(run.step() == [.fail(.ingestion(.exited(code: 0)))])
  }

  @Test func ingestionThatAFaultKeepsDeadIsNotStarted() {
    var run = Run()
    _ = run.step()
    run.seen.ingestion = .absent(mayStart: false)
    #expect(run.step() == [])
    run.seen.ingestion = .absent(mayStart: true)
    #expect(run.step() == [.startIngestion])
  }

  @Test func otherPartsThatEndEndTheRun() {
    var run = Run()
    run.seen.schedulerExit = .exited(code: 70)
    #expect(run.step() == [.fail(.scheduler(.exited(code: 70)))])
    run = Run()
    run.seen.isBrokerAlive = false
    #expect(run.step() == [.fail(.broker)])
  }

  // MARK: - Draining

  @Test func onAnOwnBrokerTheNumbersAreEnough() {
    var run = Run()
    run.store(990)
    run.endFleet(acknowledged: 1000)
    #expect(run.step() == [.fleetHasEnded])
    #expect(run.step() == [])
    run.store(1000)
    #expect(run.step() == [.requireFaults, .drained(seconds: 0.04)])
    #expect(run.controller.phase == .drained)
  }

  @Test func onAForeignBrokerASecondOfSilenceFollows() {
    var run = Run(hasOwnBroker: false)
    run.store(1000)
    run.endFleet(acknowledged: 1000)
    #expect(run.step() == [.fleetHasEnded])
    #expect(run.step() == [])
    #expect(run.step(.milliseconds(900)) == [])
    #expect(run.step(.milliseconds(200)).contains(.requireFaults))
  }

  @Test func whatIsMissingIsWaitedForUntilNothingMovesForTenSeconds() {
    var run = Run()
    run.store(1000)
    run.endFleet(acknowledged: 1001)
    #expect(run.step() == [.fleetHasEnded])
    #expect(run.step() == [])
    #expect(run.step(.milliseconds(9900)) == [])
    run.seen.progress.messages = 1001
    #expect(run.step() == [])
    #expect(run.step(.milliseconds(9900)) == [])
    #expect(run.step(.milliseconds(200)).contains(.requireFaults))
  }

  /// A run that was halted as a whole, or a laptop that slept, has not seen that nothing moves.
  @Test func aTimeInWhichNobodyLookedIsNoSilence() {
    var run = Run()
    run.store(1000)
    run.endFleet(acknowledged: 1001)
    #expect(run.step() == [.fleetHasEnded])
    #expect(run.step() == [])
    #expect(run.look(after: .seconds(3600)) == [])
    #expect(run.step(.milliseconds(9900)) == [])
    #expect(run.step(.milliseconds(200)).contains(.requireFaults))
  }

  @Test func payloadsThatAreNoMessagesAreNotWaitedFor() {
    var run = Run()
    run.store(990)
    run.endFleet(acknowledged: 980, unconfirmed: 20, waste: 10)
    #expect(run.step() == [.fleetHasEnded])
    #expect(run.step().contains(.requireFaults))
  }

  @Test func nothingIsDrainedWhileSomethingIsBrokenOrIngestionDoesNotListen() {
    var run = Run()
    run.store(1000)
    run.endFleet(acknowledged: 1000)
    #expect(run.step() == [.fleetHasEnded])
    run.seen.faults.isActive = true
    #expect(run.step() == [])
    run.seen.faults.isActive = false
    run.seen.faults.lastEnd = run.now
    run.seen.ingestion = .absent(mayStart: true)
    #expect(run.step() == [.startIngestion])
    run.seen.ingestion = .running(isReady: false)
    #expect(run.step(.seconds(30)) == [])
    #expect(run.step(.seconds(31)) == [.fail(.ingestionIsNotReady)])
    run.seen.ingestion = .running(isReady: true)
    #expect(run.step().contains(.requireFaults))
  }

  @Test func aFaultWithoutEvidenceIsAskedForOnceAllIsStored() {
    var run = Run()
    run.store(1000)
    run.endFleet(acknowledged: 1000)
    #expect(run.step() == [.fleetHasEnded])
    run.seen.faults.isActive = true
    run.seen.faults.lacksEvidence = true
    #expect(run.step(.seconds(9)) == [])
    #expect(run.step(.milliseconds(1100)) == [.requireFaults])
  }
}
