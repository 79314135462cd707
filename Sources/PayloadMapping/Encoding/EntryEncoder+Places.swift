import Telemetry

/// Where a sensor's values can stand.
extension EntryEncoder {
  /// Places whose values may be read as `sensor`, likely ones first; whether they are is seen by trying.
  ///
  /// - Parameter known: What the names of the device say.
  func candidates(for sensor: String, known: [String: String]) -> [ValuePlace] {
    var candidates: [ValuePlace] = []
    for values in entry.values {
      for solution in TemplateSolutions(values.sensor ?? entry.sensor, sensor, known: known).all {
        for keys in keys(values, solution) {
          var place = ValuePlace(keys: keys, isFromRoot: values.path.isFromRoot)
          for (name, text) in solution
          where name != MappingName.ofValue && known[name] == nil && !values.path.names.contains(name) {
            if isOfRecord(name) { place.ofRecord[name] = text } else { place.ofPayload[name] = text }
          }
          candidates.append(place)
        }
      }
    }
    return candidates
  }

  private func keys(_ values: MessageMapping.Values, _ names: [String: String]) -> [[String]] {
    let parts = values.path.parts
    var base: [String] = []
    for part in parts {
      switch part {
      case .key(let key): base.append(key)
      case .name(let name): base.append(names[name] ?? Self.filler)
      case .pattern(let pattern): base.append(pattern.example(Self.filler))
      case .deep: break
      }
    }
    // Without keys in the sensor's name, the value is what the path leads to, or anything below it.
    guard let name = names[MappingName.ofValue] else { return [base, base + [Self.anyKey]] }
    let prefix = values.dropPrefix ?? entry.dropPrefix
    let separator = values.separator ?? entry.separator
    var candidates: [[String]] = []
    for name in prefix.isEmpty ? [name] : [prefix + name, name] {
      // What the path leads to itself.
      if case .key(name)? = parts.last { candidates.append(base) }
      // Below it, each key of its own, or one that has the separator in it.
      let keys = separator.isEmpty ? [name] : name.components(separatedBy: separator)
      if keys.count > 1 { candidates.append(base + keys) }
      candidates.append(base + [name])
      switch parts.last {
      case .pattern(let pattern) where pattern.matches(name): candidates.append(base.dropLast() + [name])
      case .name: candidates.append(base.dropLast() + [name])
      default: break
      }
    }
    return candidates
  }

  /// The key of a value where its name has none.
  private static let anyKey = "value"
}

extension String {
  /// The pieces between the places where `separator` stands, which is not empty.
  fileprivate func components(separatedBy separator: String) -> [String] {
    var pieces: [String] = []
    var rest = self[...]
    while let place = rest.firstRange(of: separator) {
      pieces.append(String(rest[..<place.lowerBound]))
      rest = rest[place.upperBound...]
    }
    return pieces + [String(rest)]
  }
}
