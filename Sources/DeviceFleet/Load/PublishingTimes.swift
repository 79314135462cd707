import Telemetry

/// The times at which one device reads its sensors, counted from 0.
struct PublishingTimes: Sendable {
  /// What takes a device off an even pace; beside the rest, because few fleets have it.
  private indirect enum Pace: Sendable { case uneven(PublishingRhythm, IndexedGenerator) }

  private let everyMs: Int64
  private let offsetMs: Int64
  private let pace: Pace?
  /// How many there are before the clock ends.
  let count: Int

  /// - Parameters:
  ///   - offset: From the start of the clock to the first, at an even pace.
  ///   - stream: Names the device's own random numbers.
  init(
    every: Duration, offset: Duration, duration: Duration, rhythm: PublishingRhythm?, seed: UInt64,
    stream: String
  ) {
    everyMs = every.milliseconds
    offsetMs = offset.milliseconds
    let durationMs = duration.milliseconds
    guard let rhythm else {
      pace = nil
      let spanMs = durationMs - offsetMs
      count = spanMs <= 0 ? 0 : Int((spanMs - 1) / everyMs + 1)
      return
    }
    let draws = IndexedGenerator(seed: seed, stream: stream)
    pace = .uneven(rhythm, draws)
    let work = rhythm.profile?.work(at: Double(durationMs)) ?? Double(durationMs)
    var low: Int64 = 0
    var high = Int64(max(0, (work - Double(offsetMs)) / Double(everyMs))) + 2
    let times = (everyMs: everyMs, offsetMs: offsetMs, draws: draws)
    while low < high {
      let middle = (low + high) / 2
      if rhythm.elapsedMs(middle, times) < durationMs { low = middle + 1 } else { high = middle }
    }
    count = Int(low)
  }

  /// From the first to the last of so many readings; nil where the pace is uneven.
  func evenSpan(ofReadings count: Int) -> Duration? {
    pace == nil ? .milliseconds(everyMs * Int64(count - 1)) : nil
  }

  /// Milliseconds from the start of the clock to a reading.
  func elapsedMs(_ reading: Int64) -> Int64 {
    guard case .uneven(let rhythm, let draws) = pace else { return offsetMs + reading * everyMs }
    return rhythm.elapsedMs(reading, (everyMs, offsetMs, draws))
  }

  /// The readings whose time is in `from…through`, both in milliseconds from the start of the clock.
  func readings(from: Int64, through: Int64) -> Range<Int64> {
    let first = firstReading(at: from)
    let end = firstReading(at: through + 1)
    return first < end ? first..<end : 0..<0
  }

  /// The first reading at or after a time; ``count`` where there is none.
  private func firstReading(at time: Int64) -> Int64 {
    guard pace != nil else {
      return min(Int64(count), max(0, (time - offsetMs + everyMs - 1) / everyMs))
    }
    var (low, high) = (Int64(0), Int64(count))
    while low < high {
      let middle = (low + high) / 2
      if elapsedMs(middle) < time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What takes a group's publications off an even pace.
package struct PublishingRhythm: Hashable, Sendable {
  /// By how much of an interval a publication may be put off, from 0 to ``mostJitter``; each draws its own.
  package var jitter: Double
  /// Nil: level 1 throughout.
  package var profile: LoadProfile?

  /// Beyond this, publications of one device could come at one instant.
  package static let mostJitter = 0.9

  package init(jitter: Double = 0, profile: LoadProfile? = nil) {
    self.jitter = jitter
    self.profile = profile
  }

  /// Whether publications of one device stay at least a millisecond apart.
  func keepsApart(_ every: Duration) -> Bool {
    Double(every.milliseconds) * (1 - jitter) / max(profile?.peak ?? 1, .leastNormalMagnitude) >= 1
  }

  func elapsedMs(
    _ reading: Int64, _ times: (everyMs: Int64, offsetMs: Int64, draws: IndexedGenerator)
  ) -> Int64 {
    let share = jitter > 0 ? jitter * times.draws.uniform(at: reading) : 0
    let work = Double(times.offsetMs) + (Double(reading) + share) * Double(times.everyMs)
    let time = profile?.time(ofWork: work) ?? work
    return time < 9e15 ? Int64(time) : .max
  }
}
