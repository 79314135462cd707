import Files

/// Makes every number of the reports of several seeds a ``SeedFigure``, in the shape of the report itself.
///
/// What a report calls `detection.recall` is `detection.recall.median`, `.min`, `.max` and so on. Entries of lists are put together
/// by the fields that tell them apart, which keep their values: `cluster[]` still has `nodes` and `mode`. A figure that no run has
/// is null; names and details, of which there is no median, are left out.
struct SeedFigures {
  /// A part of a report, and the seed of its run.
  private struct Sample {
    let seed: UInt64
    let value: JSONValue
  }

  /// The figures of `entries` in the reports of `runs`.
  static func members(_ entries: [ReportEntry], of runs: [SeedRun]) -> [String: JSONValue] {
    members(entries, runs.map { Sample(seed: $0.seed, value: $0.report) })
  }

  private static func members(_ entries: [ReportEntry], _ samples: [Sample]) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for entry in entries {
      members[entry.name] = summary(entry.shape, inside(entry.name, samples))
    }
    return members
  }

  /// What `samples` have under `name`.
  private static func inside(_ name: String, _ samples: [Sample]) -> [Sample] {
    samples.compactMap { sample in
      guard case .object(let members) = sample.value, let value = members[name], value != .null else {
        return nil
      }
      return Sample(seed: sample.seed, value: value)
    }
  }

  /// Nil where there is nothing to put together.
  private static func summary(_ shape: ReportShape, _ samples: [Sample]) -> JSONValue? {
    switch shape {
    case .text, .detail: return nil
    case .number:
      let values = samples.compactMap { sample -> SeedFigure.Value? in
        guard case .number(let number) = sample.value else { return nil }
        return SeedFigure.Value(seed: sample.seed, number: number)
      }
      return SeedFigure(values)?.json ?? .null
    case .object(let entries):
      return samples.isEmpty ? .null : .object(members(entries, samples))
    case .map(let inner):
      var members: [String: JSONValue] = [:]
      for sample in samples {
        guard case .object(let found) = sample.value else { continue }
        for name in found.keys where members[name] == nil {
          members[name] = summary(inner, inside(name, samples))
        }
      }
      return samples.isEmpty ? .null : .object(members)
    case .list(let entries): return list(entries, samples)
    }
  }

  /// What tells an entry of a list apart: its keys, and which of those with equal keys it is.
  private struct Identity: Hashable {
    let keys: [String: JSONValue]
    let number: Int
  }

  private static func list(_ entries: [ReportEntry], _ samples: [Sample]) -> JSONValue {
    let keys = Set(entries.filter(\.isKey).map(\.name))
    var order: [Identity] = []
    var rows: [Identity: [Sample]] = [:]
    for sample in samples {
      guard case .array(let elements) = sample.value else { continue }
      var seen: [[String: JSONValue]: Int] = [:]
      for element in elements {
        guard case .object(let members) = element else { continue }
        let own = members.filter { keys.contains($0.key) }
        let identity = Identity(keys: own, number: seen[own, default: 0])
        seen[own, default: 0] += 1
        if rows[identity] == nil { order.append(identity) }
        rows[identity, default: []].append(Sample(seed: sample.seed, value: element))
      }
    }
    let figures = entries.filter { !$0.isKey }
    return .array(
      order.map { identity in
        .object(members(figures, rows[identity] ?? []).merging(identity.keys) { $1 })
      })
  }
}
