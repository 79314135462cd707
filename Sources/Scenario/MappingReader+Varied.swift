import DeviceFleet
import Documents
import Telemetry

extension MappingReader {
  /// A number, or `[low, high]`, from which each device draws its own.
  func varied(
    _ key: String, _ wanted: String = "a number", where isAllowed: (Double) -> Bool = { _ in true }
  ) -> Varied<Double>? {
    read(key, "\(wanted), or two of them as [low, high]") { Self.varied($0, where: isAllowed) }
  }

  private static func varied(_ node: DocumentNode, where isAllowed: (Double) -> Bool) -> Varied<Double>? {
    func number(_ node: DocumentNode) -> Double? { node.number.flatMap { isAllowed($0) ? $0 : nil } }
    if let value = number(node) { return Varied(value) }
    guard case .sequence(let ends) = node.content, ends.count == 2, let low = number(ends[0]),
      let high = number(ends[1]), low <= high
    else { return nil }
    return Varied(low...high)
  }

  /// A duration, or `[shortest, longest]`, from which each device draws its own.
  func variedDuration(_ key: String, allowsZero: Bool = false) -> Varied<Duration>? {
    func duration(_ node: DocumentNode) -> Duration? {
      node.text.flatMap(Duration.init(text:)).flatMap { $0 > .zero || allowsZero ? $0 : nil }
    }
    return read(key, "a duration such as 90s, 5m or 24h, or two of them as [shortest, longest]") { node in
      if let value = duration(node) { return Varied(value) }
      guard case .sequence(let ends) = node.content, ends.count == 2, let low = duration(ends[0]),
        let high = duration(ends[1]), low <= high
      else { return nil }
      return Varied(low...high)
    }
  }

  /// A list of numbers, each of which may be `[low, high]`.
  func variedNumbers(_ key: String, _ wanted: String, where isAllowed: ([Varied<Double>]) -> Bool)
    -> [Varied<Double>]?
  {
    read(key, wanted) { node in
      guard case .sequence(let elements) = node.content else { return nil }
      let numbers = elements.compactMap { Self.varied($0) { _ in true } }
      return numbers.count == elements.count && isAllowed(numbers) ? numbers : nil
    }
  }
}
