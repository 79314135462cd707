import Telemetry
import Wording

extension ClusterRow {
  /// The size and the terms in words, such as `4 nodes of Standard_D2s_v5 (low priority, eastus)`.
  package var sizeWords: String {
    let count = cell.nodes == 1 ? "1 node" : "\(cell.nodes.grouped) nodes"
    let terms = [cell.tier == .lowPriority ? "low priority" : cell.tier.rawValue, cell.region].compactMap(
      \.self)
    let node =
      cell.vmSize.map { "\(count) of \($0) (\(terms.joined(separator: ", ")))" }
      ?? "\(count) of \(cell.target)"
    let cores = cell.coresPerNode > 1 ? ", \(cell.coresPerNode) tasks a node at a time" : ""
    let batch =
      cell.miniBatchSize == "auto"
      ? "" : ", \(cell.miniBatchSize) \(cell.miniBatchSize == "1" ? "device" : "devices") a task"
    let kept = cell.minNodes > 0 ? ", \(cell.minNodes) of the nodes always there" : ""
    return node + cores + batch + kept
  }

  /// The median time of the job in words.
  package var makespanWords: String { Self.spanWords(makespanSeconds) }

  /// A time in words: `1.84s` below a minute, `3m20s` above.
  package static func spanWords(_ seconds: Double) -> String {
    if abs(seconds) < 60 {
      var text = hundredths(seconds)
      while text.last == "0" { text.removeLast() }
      if text.last == "." { text.removeLast() }
      return text + "s"
    }
    // Beyond this a number of seconds is no time that anybody waits for.
    let bounded = min(max(seconds.rounded(), -1e12), 1e12)
    return Duration.seconds(Int64(bounded)).text
  }

  /// Half the width of the interval of the median, in percent of it; nil without a width.
  package var halfWidthPercent: Int? {
    guard makespanSeconds > 0, makespanHighSeconds > makespanLowSeconds else { return nil }
    let percent = (makespanHighSeconds - makespanLowSeconds) / 2 / makespanSeconds * 100
    return Int(min(percent.rounded(), 999))
  }

  /// With two digits after the point.
  static func hundredths(_ value: Double) -> String {
    let count = Int64(min((abs(value) * 100).rounded(), 1e15))
    let rest = count % 100
    return (value < 0 && count > 0 ? "-" : "") + "\(count / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
