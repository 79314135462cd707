import BatchScoring
import Files
import Telemetry
import WindowStore

/// What one look at a run's files has found that is new.
package struct LiveLook: Sendable {
  /// Whole lines of `timeline.csv`, its header among them the first time.
  package var timeline: [String] = []
  package var log: [RunLogEntry] = []
  /// Nil where the files have not changed, or were not looked at.
  package var store: StoreLook?
  package var jobs: JobLook?
  package var scores: [LiveDevices.Score] = []
  /// The replicas of the scoring service that is being tried, and their states.
  package var replicas: [(replica: Int, state: String)]?
  /// What could not be read, in words; nil where all could.
  package var trouble: String?
  package var end: LiveEnd?

  package init() {}
}

/// All that a live page knows of its run: takes what looks have found, and says what is sent. Pure.
package struct LiveState: Sendable {
  /// The name of the run's folder.
  package let folder: String
  package private(set) var timeline = LiveTimeline()
  package private(set) var devices: LiveDevices
  package private(set) var notices = LiveNotices()
  package private(set) var nodes = LiveNodes()
  package private(set) var progress: IngestionProgress?
  package private(set) var jobs: JobLook?
  package private(set) var replicas: [(replica: Int, state: String)] = []
  package private(set) var trouble: String?
  package private(set) var end: LiveEnd?
  /// When something new was seen last, and now: wall-clock time.
  private var changedAt: Timestamp
  package private(set) var now: Timestamp

  package init(folder: String, now: Timestamp, mostDevices: Int = LiveDefaults.devices) {
    self.folder = folder
    self.now = now
    changedAt = now
    devices = LiveDevices(most: mostDevices)
  }

  /// How long nothing new has come.
  package var quiet: Duration { now - changedAt }

  /// The devices whose newest windows the next look is to find, and which devices are known.
  package mutating func storeBounds() -> StoreLookBounds {
    StoreLookBounds(
      afterDevice: devices.lastNumber, mostDevices: LiveDefaults.newDevicesPerLook,
      mostReadings: LiveDefaults.readingsPerLook, mostSensors: LiveDefaults.sensors,
      windowsOf: devices.nextToLookUp(LiveDefaults.windowsPerLook))
  }

  package mutating func take(_ look: LiveLook, now: Timestamp) {
    self.now = now
    let isNews =
      !look.timeline.isEmpty || !look.log.isEmpty || !look.scores.isEmpty
      || look.store.map { $0.progress != progress } ?? false
    if isNews { changedAt = now }
    timeline.take(look.timeline)
    notices.take(look.log)
    if let store = look.store {
      progress = store.progress
      devices.take(store)
    }
    if let jobs = look.jobs {
      self.jobs = jobs
      nodes.take(jobs.nodeStates)
    }
    devices.take(look.scores)
    if let replicas = look.replicas { self.replicas = replicas }
    trouble = look.trouble
    if end == nil { end = look.end }
  }
}
