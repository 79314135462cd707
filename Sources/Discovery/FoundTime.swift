import PayloadMapping
import Telemetry
import Wording

/// The time of the records of a pattern, as far as it is found.
struct FoundTime {
  /// The places of its paths: the first, and those that the records have which do not have it. None where nothing is a time, and the
  /// arrival must do.
  private(set) var fields: [Int] = []
  private(set) var mapped: MappedTime
  /// Other members that are times.
  private(set) var others: Set<Int> = []
  /// Why, in a sentence.
  private(set) var reason: String

  private struct Candidate {
    var field: Int
    var units: [MappedTime.Unit: Int] = [:]
    var withoutZone = 0
    /// Instants less arrivals, of messages that were sent just now, in ms.
    var distances: [Int64] = []
    var read = 0
    var near = 0

    /// How far its texts without a zone are ahead of UTC, where most are such texts.
    var minutesAhead: Int64? { withoutZone * 2 > read ? FoundTime.zoneMinutes(distances) : nil }
    /// The zone that it needs, in minutes; nil where it needs none.
    var zone: Int64? { withoutZone > 0 ? minutesAhead ?? 0 : nil }

    func score(_ statistics: FieldStatistics) -> Int {
      let rank = TopicWords.timeRank(statistics.path.last)
      guard read > 0, Double(read) >= DiscoveryDefaults.agreement * Double(statistics.said) else { return 0 }
      let isNear =
        !distances.isEmpty && Double(near) >= DiscoveryDefaults.agreement * Double(distances.count)
      guard isNear || rank > 1 || (rank == 1 && units[.iso8601] ?? 0 > 0) else { return 0 }
      // Of two that are as good, that of the record, that which more records have, and that which stands further out.
      return (isNear ? 1_000 : 0) + rank * 100 + (statistics.path.isFromRoot ? 0 : 20)
        + max(0, 10 - statistics.path.keys.count) + (isNear || rank > 0 ? 1 : 0)
    }
  }

  init(_ set: RecordSet, _ statistics: [FieldStatistics]) {
    var candidates = statistics.indices.map { Candidate(field: $0) }
    for record in set.records {
      let message = set.messages[record.message].message
      for (field, leaf) in record.leaves {
        guard let (instant, unit, hasZone) = Self.instant(leaf) else { continue }
        candidates[field].read += 1
        candidates[field].units[unit, default: 0] += 1
        if !hasZone { candidates[field].withoutZone += 1 }
        guard !message.isRetained else { continue }
        let distance = instant - message.arrival
        candidates[field].distances.append(distance.milliseconds)
        if abs(distance.milliseconds) <= DiscoveryDefaults.nearArrival.milliseconds {
          candidates[field].near += 1
        }
      }
    }
    let scores = candidates.map { $0.score(statistics[$0.field]) }
    others = Set(scores.indices.filter { scores[$0] > 0 })
    let best = scores.indices.max {
      let (a, b) = (statistics[$0], statistics[$1])
      return (scores[$0], a.count, b.path.keys.count) < (scores[$1], b.count, a.path.keys.count)
    }
    guard let best, scores[best] > 0 else {
      mapped = .arrival
      reason = "no member is a time"
      return
    }
    fields = [best] + Self.further(after: best, candidates, scores, set)
    others.subtract(fields)
    mapped = .arrival
    reason = ""
    let isEverywhere = set.records.allSatisfy { record in fields.contains { Self.says(record, $0) } }
    (mapped, reason) = Self.mapped(
      fields.map { candidates[$0] }, fields.map { statistics[$0] }, isEverywhere: isEverywhere)
  }

  /// Whether `record` says anything by the member at `field`.
  private static func says(_ record: FlatRecord, _ field: Int) -> Bool {
    switch record[field] {
    case nil, .null?: false
    default: true
    }
  }

  /// The members that are the times of records without that at `best`: devices of one pattern may call it by several names. A mapping has one
  /// zone for all of them.
  private static func further(
    after best: Int, _ candidates: [Candidate], _ scores: [Int], _ set: RecordSet
  ) -> [Int] {
    var left = set.records.filter { !says($0, best) }
    var further: [Int] = []
    var zone = candidates[best].zone
    for field in scores.indices.sorted(by: { (scores[$1], $0) < (scores[$0], $1) })
    where field != best && scores[field] > 0 {
      let needed = candidates[field].zone
      guard !left.isEmpty, zone == nil || needed == nil || zone == needed else { continue }
      let without = left.filter { !says($0, field) }
      guard without.count < left.count else { continue }
      further.append(field)
      left = without
      zone = zone ?? needed
    }
    return further
  }

  private static func mapped(
    _ found: [Candidate], _ statistics: [FieldStatistics], isEverywhere: Bool
  ) -> (MappedTime, String) {
    let units = Set(found.flatMap(\.units.keys))
    let unit = units.count == 1 ? units.first ?? .auto : .auto
    var reasons = [statistics[0].example.quoted]
    if statistics.count > 1 {
      let names = statistics.dropFirst().map { "\($0.path.text.quoted) such as \($0.example.quoted)" }
      reasons.append("where it is not there, \(names.listed)")
    }
    var zone = MappedTime.Zone.utc
    if let minutes = found.lazy.compactMap(\.minutesAhead).first {
      if minutes == 0 {
        reasons.append("without a zone, and taken for UTC")
      } else {
        let sign = minutes < 0 ? "-" : "+"
        let (hours, rest) = abs(minutes).quotientAndRemainder(dividingBy: 60)
        let text = "\(sign)\(hours < 10 ? "0" : "")\(hours):\(rest < 10 ? "0" : "")\(rest)"
        if let found = try? MappedTime.Zone(text) { zone = found }
        reasons.append("without a zone, and \(text) from the time of arrival")
      }
    }
    if !isEverywhere { reasons.append("not in every record: the others have the time of their arrival") }
    let sorted = found[0].distances.sorted()
    if !sorted.isEmpty, zone == .utc {
      let middle = sorted[sorted.count / 2]
      if abs(middle) > 60_000 {
        let span = Duration.milliseconds(abs(middle) / 1000 * 1000).text
        reasons.append("\(span) \(middle < 0 ? "before" : "after") its arrival")
      }
    } else if sorted.isEmpty {
      reasons.append("seen in retained messages alone")
    }
    let paths = statistics.map { (try? PayloadPath($0.path.text)) ?? .record }
    return (
      MappedTime(paths: paths, unit: unit, zone: zone, isOtherwiseArrival: !isEverywhere),
      "such as " + reasons.joined(separator: "; ")
    )
  }

  /// How far the clock of texts without a zone is from UTC: quarters of an hour, where nearly all messages say the same.
  fileprivate static func zoneMinutes(_ distances: [Int64]) -> Int64 {
    guard !distances.isEmpty else { return 0 }
    let quarter = 900_000.0
    let middle = distances.sorted()[distances.count / 2]
    let quarters = (Double(middle) / quarter).rounded()
    let near = distances.count { abs(Double($0) - quarters * quarter) <= 300_000 }
    guard Double(near) >= DiscoveryDefaults.agreement * Double(distances.count), abs(quarters) <= 56 else {
      return 0
    }
    return Int64(quarters) * 15
  }

  /// The instant that `leaf` is, how it is written, and whether its zone is known.
  private static func instant(_ leaf: Leaf) -> (Timestamp, MappedTime.Unit, hasZone: Bool)? {
    switch leaf {
    case .number(_, let digits): return number(digits)
    case .text(let text):
      guard let first = text.utf8.first, first >= 0x30, first <= 0x39, text.utf8.count <= 48 else {
        return nil
      }
      if let found = number(text) { return found }
      guard text.utf8.count >= 16, let instant = Timestamp(iso8601: text) else { return nil }
      let clock = text.dropFirst(11)
      return (instant, .iso8601, clock.contains { "Zz+-".contains($0) })
    default: return nil
    }
  }

  private static func number(_ digits: String) -> (Timestamp, MappedTime.Unit, hasZone: Bool)? {
    guard let unit = EpochUnit(guessing: digits), let instant = unit.instant(digits) else { return nil }
    let mapped: MappedTime.Unit =
      switch unit {
      case .seconds: .seconds
      case .milliseconds: .milliseconds
      case .microseconds: .microseconds
      case .nanoseconds: .nanoseconds
      }
    return (instant, mapped, true)
  }
}
