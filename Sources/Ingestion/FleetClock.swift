import Telemetry
import WindowStore

/// The time of the fleet: when messages arrive, in event time, so that a device can be told from the rest that is silent,
/// behind, or ahead.
///
/// Of a planned fleet the plan says when each message arrives, and all that follows from it follows from the plan. Of other
/// devices only their own clocks are known, of which any may be wrong: the fleet's time is then that which half of the devices
/// have reached that were heard of lately.
struct FleetClock: Sendable {
  /// What the plan says; nil where there is none.
  let arrivals: PlannedArrivals?
  /// The newest arrival, or the fleet's time; nil before the first.
  private(set) var nowMs: Int64?
  /// The wall clock of the batch.
  var wallMs: Int64 = .min
  /// What was said last of each device whose clock is wrong.
  private var noted: [DeviceID: DeviceClock] = [:]

  init(arrivals: PlannedArrivals?) { self.arrivals = arrivals }

  /// Goes on where an earlier life was.
  mutating func resume(_ progress: IngestionProgress) { nowMs = progress.fleetTime?.milliseconds }

  /// What the plan lists of `device`.
  func listed(_ device: DeviceID) -> PlannedArrivals.Device? { arrivals?.listed[device] }

  /// The time up to which no message is expected any more that has not been seen; nil before the first.
  func safeMs(seen progress: IngestionProgress) -> Int64? {
    guard let nowMs, let arrivals else { return nowMs }
    let isOver = progress.storedMessages + progress.lateMessages >= arrivals.messageCount
    return isOver ? nowMs : nowMs - arrivals.slack.milliseconds
  }

  /// The latest time that a message which comes now may rightly carry, in milliseconds.
  func latestPlausible(_ message: Message) -> Int64 {
    if arrivals != nil {
      let listed = listed(message.device)
      return (listed?.arrival(message.timestamp, message.position) ?? message.timestamp).milliseconds
    }
    return max(wallMs, nowMs ?? wallMs)
  }

  /// Moves to the arrival of a message of a planned fleet.
  mutating func hear(_ arrivalMs: Int64) { nowMs = max(nowMs ?? arrivalMs, arrivalMs) }

  /// Moves to where half of those `devices` are that were heard of lately; of devices that come as they come.
  mutating func observe(_ devices: [DeviceState], messages: Int) {
    let since = messages - IngestionDefaults.messagesOfSilence * devices.count
    // Of many devices, some hundreds tell as much.
    let step = max(1, devices.count / IngestionDefaults.devicesAsked)
    var times: [Int64] = []
    for index in stride(from: 0, to: devices.count, by: step) where devices[index].heardAt > since {
      times.append(devices[index].maxEvent)
    }
    guard !times.isEmpty else { return }
    times.sort()
    let middle = times[(times.count - 1) / 2]
    nowMs = max(nowMs ?? middle, middle)
  }

  /// Takes down that a device's clock is ahead of the fleet's, or behind; again only where it is more so.
  mutating func note(_ device: DeviceID, aheadMs: Int64 = 0, behindMs: Int64 = 0, in batch: inout StoreBatch)
  {
    var known = noted[device] ?? DeviceClock(device: device, aheadMs: 0, behindMs: 0)
    guard aheadMs > known.aheadMs || behindMs > known.behindMs else { return }
    known.aheadMs = max(known.aheadMs, aheadMs)
    known.behindMs = max(known.behindMs, behindMs)
    noted[device] = known
    batch.clocks[device] = known
  }
}

extension IngestionFold {
  /// Moves a device to a message that is stored. Returns whether its watermark has moved.
  ///
  /// - Parameter watermark: The device's until now.
  mutating func move(
    device index: Int, to message: Message, _ original: Timestamp, watermark: Int64,
    in batch: inout StoreBatch
  ) -> Bool {
    let reached = devices[index].reached
    devices[index].heardAt = progress.messages
    devices[index].maxEvent = max(devices[index].maxEvent, message.timestamp.milliseconds)
    guard clock.arrivals != nil else { return devices[index].reached > reached }
    let time = original.milliseconds
    let arrival = devices[index].arrival(message, original)
    clock.hear(arrival)
    devices[index].arrived = max(devices[index].arrived, arrival)
    // A device that was idle when this came, or not there yet, has been left behind; what comes of it now is new.
    let limit = arrival - settings.outOfOrderness.milliseconds
    if devices[index].visibleAfter == nil || limit - idleAfter.milliseconds > watermark {
      devices[index].visibleAfter = max(devices[index].visibleAfter ?? limit, limit)
    }
    if time - arrival > IngestionDefaults.aheadNotice.milliseconds {
      clock.note(message.device, aheadMs: time - arrival, in: &batch)
    } else if arrival - time > idleAfter.milliseconds {
      clock.note(message.device, behindMs: arrival - time, in: &batch)
    }
    return devices[index].reached > reached
  }

  /// Takes down how far behind a device is of which a message comes too late.
  mutating func noteLateness(of message: Message, ofDevice index: Int, in batch: inout StoreBatch) {
    let time = message.timestamp.milliseconds
    let arrival = clock.arrivals == nil ? clock.nowMs : devices[index].arrival(message, message.timestamp)
    guard let arrival, arrival - time > idleAfter.milliseconds else { return }
    clock.note(message.device, behindMs: arrival - time, in: &batch)
  }

  /// When a window that closes in time becomes visible.
  func visibleFrom(closing end: Int64, ofDevice index: Int) -> Int64 {
    visible(end, ofDevice: index)
  }

  /// When a change of what was published already becomes visible.
  func revisionVisibleFrom(_ watermark: Int64, ofDevice index: Int) -> Int64 {
    visible(watermark + 1, ofDevice: index)
  }

  /// From `wanted` on, and never so that a job would have to have seen it already.
  private func visible(_ wanted: Int64, ofDevice index: Int) -> Int64 {
    // A planned device's own past says when it was left behind, whatever the fleet has come to meanwhile. The fleet's
    // watermark is then never reached; it is for devices that come as they come.
    let own = devices[index].visibleAfter.map { $0 + 1 } ?? .min
    let fleet = progress.fleetWatermark.map { $0.milliseconds + 1 } ?? .min
    return max(wanted, own, fleet)
  }

  /// The lowest watermark of the devices that are not idle; never lower than it was, and never beyond the fleet's time.
  mutating func moveFleetWatermark(_ batch: inout StoreBatch) {
    if clock.arrivals == nil {
      clock.observe(devices, messages: progress.messages)
      noteWrongClocks(in: &batch)
    }
    guard let now = clock.nowMs, let safe = clock.safeMs(seen: progress) else { return }
    let disorder = settings.outOfOrderness.milliseconds
    let idleBefore = safe - idleAfter.milliseconds
    var slowest = now
    var awaited = 0
    for device in devices where device.reached >= idleBefore {
      awaited += 1
      slowest = min(slowest, device.reached)
    }
    // What an idle device sends next, or one that was never heard of, becomes visible after its arrival.
    if awaited < max(devices.count, clock.arrivals?.deviceCount ?? 0) { slowest = min(slowest, safe) }
    let watermark = Timestamp(milliseconds: slowest - disorder)
    progress.fleetWatermark = max(progress.fleetWatermark ?? watermark, watermark)
    progress.fleetTime = Timestamp(milliseconds: now)
  }

  /// Takes down which devices without a plan are far from the fleet's time, of those that were heard of in this batch.
  private mutating func noteWrongClocks(in batch: inout StoreBatch) {
    guard let now = clock.nowMs else { return }
    let limit = idleAfter.milliseconds
    let wall = clock.wallMs
    let before = batch.progress.messages
    for device in devices where device.heardAt > before {
      let time = device.maxEvent
      if wall > .min, time - max(wall, now) > IngestionDefaults.aheadNotice.milliseconds {
        clock.note(device.name, aheadMs: time - max(wall, now), in: &batch)
      } else if time - now > limit, wall == .min || wall - time > limit {
        // Neither the fleet's time nor the wall clock's. A fleet that was off for the night comes back one by one.
        clock.note(device.name, aheadMs: time - now, in: &batch)
      } else if now - time > limit {
        clock.note(device.name, behindMs: now - time, in: &batch)
      }
    }
  }
}
