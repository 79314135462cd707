/// What a run was at, moment by moment: what `timeline.csv` has, and what was broken meanwhile.
package struct RunCourse: Hashable, Sendable {
  /// What a part of the run used.
  package struct Usage: Hashable, Sendable {
    package var memoryBytes: Double
    /// Since its process began: less than before where it was started again.
    package var cpuSeconds: Double

    package init(memoryBytes: Double, cpuSeconds: Double) {
      self.memoryBytes = memoryBytes
      self.cpuSeconds = cpuSeconds
    }
  }

  /// A line of the file. Counts are those since the run began.
  package struct Moment: Hashable, Sendable {
    /// Wall-clock time since the fleet was started; ascending.
    package var seconds: Double
    package var phase: String
    package var published = 0.0
    package var stored = 0.0
    package var late = 0.0
    package var rejected = 0.0
    package var windows = 0.0
    package var predictions = 0.0
    /// Messages that have left and have not been taken over.
    package var backlog = 0.0
    /// One for each of ``RunCourse/parts``; nil where the part was not there.
    package var usage: [Usage?] = []

    package init(seconds: Double, phase: String) {
      self.seconds = seconds
      self.phase = phase
    }
  }

  /// Something that was broken.
  package struct Fault: Hashable, Sendable {
    /// From 1, in the order of the scenario: what stands at it.
    package var number: Int
    package var what: String
    /// Wall-clock time since the fleet was started.
    package var began: Double
    package var ended: Double

    package init(number: Int, what: String, began: Double, ended: Double) {
      self.number = number
      self.what = what
      self.began = began
      self.ended = ended
    }
  }

  /// A time with a rate.
  package struct Rate: Hashable, Sendable {
    package var begin: Double
    package var end: Double
    package var perSecond: Double
  }

  package var parts: [String]
  package var moments: [Moment]
  package var faults: [Fault]

  package init(parts: [String], moments: [Moment], faults: [Fault] = []) {
    self.parts = parts
    self.moments = moments
    self.faults = faults
  }

  /// Shorter times give no rate by themselves: the last line of a file comes whenever the run ends.
  private static let shortest = 0.5

  /// How fast a count grew, from line to line.
  package func rates(_ count: (Moment) -> Double) -> [Rate] {
    guard var last = moments.first else { return [] }
    var rates: [Rate] = []
    for (index, moment) in moments.enumerated().dropFirst() {
      let seconds = moment.seconds - last.seconds
      if seconds >= Self.shortest {
        rates.append(
          Rate(
            begin: last.seconds, end: moment.seconds,
            perSecond: max(0, count(moment) - count(last)) / seconds))
        last = moment
      } else if index == moments.count - 1 {
        // What is left over counts with the time before it.
        let before = rates.popLast()
        let begin = before?.begin ?? last.seconds
        let grown =
          max(0, count(moment) - count(last)) + (before.map { $0.perSecond * ($0.end - $0.begin) } ?? 0)
        guard moment.seconds > begin else { break }
        rates.append(
          Rate(begin: begin, end: moment.seconds, perSecond: grown / (moment.seconds - begin)))
      }
    }
    return rates
  }

  /// How many processors the part with the number `part` was at, from line to line; nothing where it was not there.
  package func cores(_ part: Int) -> [Rate] {
    zip(moments, moments.dropFirst()).compactMap { from, to in
      guard let end = to.usage[part], to.seconds - from.seconds >= Self.shortest else { return nil }
      let begin = from.usage[part]?.cpuSeconds ?? 0
      // A process that was started again has not used what the one before had.
      let used = end.cpuSeconds >= begin ? end.cpuSeconds - begin : end.cpuSeconds
      return Rate(begin: from.seconds, end: to.seconds, perSecond: used / (to.seconds - from.seconds))
    }
  }

  /// When a new process of the part with the number `part` was seen for the first time.
  package func restarts(_ part: Int) -> [Double] {
    var last: Double?
    return moments.compactMap { moment in
      guard let usage = moment.usage[part] else { return nil }
      defer { last = usage.cpuSeconds }
      return last.map { usage.cpuSeconds < $0 } == true ? moment.seconds : nil
    }
  }

  /// The phases in their order, each with its time.
  package var phases: [(name: String, begin: Double, end: Double)] {
    var phases: [(name: String, begin: Double, end: Double)] = []
    for moment in moments {
      if let last = phases.indices.last {
        phases[last].end = moment.seconds
        if phases[last].name == moment.phase { continue }
      }
      phases.append((moment.phase, moment.seconds, moment.seconds))
    }
    return phases
  }
}
