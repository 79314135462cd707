import DeviceFleet
import Documents
import Files
import Foundation
import Telemetry
import Wording

/// Reads the signals of sensors, a method a kind.
extension ScenarioDecoder {
  /// The parts that are listed under `key`.
  func parts(_ reader: MappingReader, _ key: String) -> [any Signal] {
    let nodes = reader.list(key) ?? []
    if nodes.isEmpty, reader.node(key) != nil {
      diagnostics.add(reader.location(of: key), "\(key): there is no part")
    }
    return nodes.compactMap { node in
      guard case .mapping = node.content else {
        diagnostics.add(node.location, "\(key): expected a part such as { sine: … }, found \(node.summary)")
        return nil
      }
      return MappingReader(node, ScenarioSchema.signal, diagnostics).flatMap(signal)
    }
  }

  private func signal(_ part: MappingReader) -> (any Signal)? {
    // All are read, though one is meant: each says what is wrong with it.
    let read: [(any Signal)?] = [
      part.mapping("constant").flatMap(constant), part.mapping("sine").flatMap(sine),
      part.mapping("square").flatMap(square), part.mapping("sawtooth").flatMap(sawtooth),
      part.mapping("diurnal").flatMap(diurnal), part.mapping("weekly").flatMap(weekly),
      part.mapping("random_walk").flatMap(randomWalk), part.mapping("ecg").flatMap(ecg),
      part.mapping("polynomial").flatMap(polynomial), part.mapping("trend").flatMap(trend),
      part.mapping("noise").flatMap(noise), states(part), part.mapping("recorded").flatMap(recorded),
      part.mapping("follow").flatMap(follow),
      part.node("sum").map { _ in SumSignal(parts(part, "sum")) },
      part.node("product").map { _ in ProductSignal(parts(part, "product")) },
      part.mapping("clamp").flatMap(clamp), part.mapping("delay").flatMap(delay),
    ]
    return read.lazy.compactMap(\.self).first
  }

  private func constant(_ section: MappingReader) -> (any Signal)? {
    section.varied("value").map { ConstantSignal(value: $0) }
  }

  private func sine(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let phase = section.varied("phase")
    let amplitude = section.varied("amplitude")
    guard let period = section.variedDuration("period"), let amplitude else { return nil }
    return SineSignal(offset: offset ?? 0, amplitude: amplitude, period: period, phase: phase)
  }

  private func square(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let phase = section.varied("phase")
    let duty = section.varied("duty", "a number between 0 and 1") { $0 > 0 && $0 < 1 }
    let amplitude = section.varied("amplitude")
    guard let period = section.variedDuration("period"), let amplitude else { return nil }
    return SquareSignal(
      offset: offset ?? 0, amplitude: amplitude, period: period, duty: duty ?? 0.5, phase: phase)
  }

  private func sawtooth(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let phase = section.varied("phase")
    let amplitude = section.varied("amplitude")
    guard let period = section.variedDuration("period"), let amplitude else { return nil }
    return SawtoothSignal(offset: offset ?? 0, amplitude: amplitude, period: period, phase: phase)
  }

  private func ecg(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let phase = section.varied("phase")
    let amplitude = section.varied("amplitude")
    guard let period = section.variedDuration("period"), let amplitude else { return nil }
    return ECGSignal(offset: offset ?? 0, amplitude: amplitude, period: period, phase: phase)
  }

  private func diurnal(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let peak = section.variedDuration("peak", allowsZero: true)
    guard let amplitude = section.varied("amplitude") else { return nil }
    return DiurnalSignal(
      offset: offset ?? 0, amplitude: amplitude, peak: peak ?? Varied(.seconds(15 * 3600)))
  }

  private func weekly(_ section: MappingReader) -> (any Signal)? {
    section.variedNumbers("levels", "seven numbers, Monday to Sunday") { $0.count == 7 }
      .map { WeeklySignal(levels: $0) }
  }

  private func randomWalk(_ section: MappingReader) -> (any Signal)? {
    let memory = section.variedDuration("memory")
    return section.varied("per_hour", "a number of at least 0") { $0 >= 0 }
      .map { RandomWalkSignal(perHour: $0, memory: memory) }
  }

  private func polynomial(_ section: MappingReader) -> (any Signal)? {
    let unit = section.variedDuration("unit")
    return section.variedNumbers("coefficients", "numbers, from the constant up") { !$0.isEmpty }
      .map { PolynomialSignal(coefficients: $0, unit: unit ?? .seconds(86_400)) }
  }

  private func trend(_ section: MappingReader) -> (any Signal)? {
    section.varied("per_day").map { TrendSignal(perDay: $0) }
  }

  private func noise(_ section: MappingReader) -> (any Signal)? {
    let distribution = section.choice("distribution", NoiseSignal.Distribution.self)
    return section.varied("stddev", "a number of at least 0") { $0 >= 0 }
      .map { NoiseSignal(standardDeviation: $0, distribution: distribution ?? .gaussian) }
  }

  private func states(_ part: MappingReader) -> (any Signal)? {
    guard let nodes = part.list("states") else { return nil }
    if nodes.count < 2 {
      diagnostics.add(part.location(of: "states"), "states: a machine has at least two")
      // One that is there is read all the same, for what is wrong in it.
    }
    let states = nodes.compactMap { node -> MachineStatesSignal.State? in
      guard let state = MappingReader(node, ScenarioSchema.state, diagnostics) else {
        return nil
      }
      let name = state.text("name")
      let level = state.varied("level")
      guard let dwell = state.variedDuration("dwell"), let name, let level else { return nil }
      return .init(name: name, level: level, dwell: dwell)
    }
    return states.count < 2 ? nil : MachineStatesSignal(states: states)
  }

  private func follow(_ section: MappingReader) -> (any Signal)? {
    let offset = section.varied("offset")
    let gain = section.varied("gain")
    let lag = section.variedDuration("lag", allowsZero: true)
    guard let name = section.text("sensor") else { return nil }
    guard let sensor = SensorID(name) else {
      diagnostics.add(section.location(of: "sensor"), "sensor: \(name.quoted) is not the name of a sensor")
      return nil
    }
    return FollowSignal(sensor, offset: offset ?? 0, gain: gain ?? 1, lag: lag ?? Varied(.zero))
  }

  private func clamp(_ section: MappingReader) -> (any Signal)? {
    let minimum = section.varied("min")
    let maximum = section.varied("max")
    if let minimum, let maximum, minimum.high > maximum.low {
      diagnostics.add(section.location(of: "max"), "max: below min, so that no value lies between")
    }
    return ClampSignal(minimum: minimum, maximum: maximum, parts(section, "of"))
  }

  private func delay(_ section: MappingReader) -> (any Signal)? {
    let parts = parts(section, "of")
    return section.variedDuration("by").map { DelaySignal(by: $0, parts) }
  }

  private func recorded(_ section: MappingReader) -> (any Signal)? {
    let every = section.variedDuration("every")
    let phase = section.varied("phase")
    let delimiter = delimiter(section)
    let column = section.text("column")
    guard let node = section.node("file"), let file = section.text("file"), let column, let every else {
      return nil
    }
    do {
      var reader = try CSVReader(path: resolved(file, node.location), delimiter: delimiter)
      let index = try reader.column(column)
      var values: [Double] = []
      while let row = try reader.nextRow() {
        guard let value = DecimalText.double(row.fields[index]) else {
          throw CSVError(
            path: reader.path, line: row.line,
            reason: "\(column) \(row.fields[index].quoted) is not a finite number")
        }
        values.append(value)
      }
      guard !values.isEmpty else {
        diagnostics.add(node.location, "file: \(file) has no row after the header")
        return nil
      }
      return RecordedSignal(values: values, every: every, phase: phase)
    } catch {
      diagnostics.add(node.location, "file: \(error)")
      return nil
    }
  }
}
