import Foundation
import Telemetry

/// `junit.xml`: one test case an expectation, for continuous integration servers.
///
/// The format has no standard. This is what two schemas have in common, that of Jenkins' xUnit plugin (`junit-10.xsd`) and
/// that of Apache Ant's reports (windyroad's `JUnit.xsd`), so that readers of either take it: times in seconds with three
/// decimals, a time stamp without a zone, which is UTC here, a host, properties, and `system-out` and `system-err`, which are
/// empty because logs are files of their own.
package struct JUnitReport: Hashable, Sendable {
  /// How a test case came out. The text says why, for people.
  package enum Outcome: Hashable, Sendable {
    case passed
    case failed(String)
    case broken(String)
    case skipped(String)
  }

  /// A test case.
  package struct Case: Hashable, Sendable {
    package var name: String
    package var outcome: Outcome

    package init(_ name: String, _ outcome: Outcome) {
      self.name = name
      self.outcome = outcome
    }
  }

  /// A further fact.
  package struct Property: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The name of the suite, and the class of its cases.
  package var suite: String
  package var startedAt: Timestamp
  package var host: String
  package var seconds: Double
  package var properties: [Property]
  /// Their names may be equal; see ``text``.
  package var cases: [Case]

  package init(
    suite: String, startedAt: Timestamp, host: String = ProcessInfo.processInfo.hostName, seconds: Double,
    properties: [Property] = [], cases: [Case]
  ) {
    self.suite = suite
    self.startedAt = startedAt
    self.host = host
    self.seconds = seconds
    self.properties = properties
    self.cases = cases
  }

  /// The file. A name that an earlier case has is followed by a number, because readers tell cases by their names.
  package var text: String {
    func count(_ isCounted: (Outcome) -> Bool) -> String { String(cases.count { isCounted($0.outcome) }) }
    let failures = count { if case .failed = $0 { true } else { false } }
    let errors = count { if case .broken = $0 { true } else { false } }
    let skipped = count { if case .skipped = $0 { true } else { false } }
    let head =
      Self.attribute("name", suite) + Self.attribute("package", suite) + Self.attribute("id", "0")
      + Self.attribute("timestamp", String(startedAt.description.prefix(19)))
      + Self.attribute("hostname", host.isEmpty ? "localhost" : host)
      + Self.attribute("tests", "\(cases.count)")
      + Self.attribute("failures", failures) + Self.attribute("errors", errors)
      + Self.attribute("skipped", skipped) + Self.attribute("time", Self.time(seconds))
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites>", "  <testsuite\(head)>"]
    lines.append("    <properties>")
    for property in properties {
      let pair = Self.attribute("name", property.name) + Self.attribute("value", property.value)
      lines.append("      <property\(pair)/>")
    }
    lines.append("    </properties>")
    lines += zip(distinctNames, cases).map { line(name: $0, $1.outcome) }
    lines += ["    <system-out/>", "    <system-err/>", "  </testsuite>", "</testsuites>"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The names of the cases, made different where they are equal. Blanks do not tell names apart: readers fold them.
  private var distinctNames: [String] {
    let names = cases.map {
      Self.writable($0.name).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    // A number must not lead to a name that another case has of itself.
    var taken = Set(names)
    var seen: Set<String> = []
    return names.map { name in
      if seen.insert(name).inserted { return name }
      var number = 2
      while !taken.insert("\(name) (\(number))").inserted { number += 1 }
      return "\(name) (\(number))"
    }
  }

  private func line(name: String, _ outcome: Outcome) -> String {
    // How long an expectation took is not measured, and a time is demanded.
    let head =
      "    <testcase" + Self.attribute("classname", suite) + Self.attribute("name", name)
      + Self.attribute("time", Self.time(0))
    switch outcome {
    case .passed: return head + "/>"
    case .failed(let text):
      return head + ">" + Self.element("failure", type: "expectation", text) + "</testcase>"
    case .broken(let text): return head + ">" + Self.element("error", type: "run", text) + "</testcase>"
    case .skipped(let text): return head + "><skipped" + Self.attribute("message", text) + "/></testcase>"
    }
  }

  /// Some readers show the attribute and others the content, so the text stands in both.
  private static func element(_ name: String, type: String, _ text: String) -> String {
    "<\(name)\(attribute("type", type))\(attribute("message", text))>\(escaped(text))</\(name)>"
  }

  /// Seconds with three decimals, as Jenkins demands.
  private static func time(_ seconds: Double) -> String {
    String(format: "%.3f", seconds.isFinite ? max(seconds, 0) : 0)
  }

  private static func attribute(_ name: String, _ value: String) -> String {
    " \(name)=\"\(escaped(value))\""
  }

  /// `text` for an attribute in double quotes or for the content of an element; a parser gives back ``writable(_:)``.
  private static func escaped(_ text: String) -> String {
    writable(text).unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      // Also the end of `]]>`, which content may not have.
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      // As they are, a parser turns them into spaces in attributes, and carriage returns into line feeds everywhere.
      case "\n", "\t", "\r": result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// `text` with U+FFFD for the characters that XML 1.0 has no form for (https://www.w3.org/TR/xml/#charsets).
  private static func writable(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      let isBlank = scalar == "\n" || scalar == "\t" || scalar == "\r"
      let hasNoForm = scalar.value < 0x20 && !isBlank || scalar.value == 0xFFFE || scalar.value == 0xFFFF
      result.unicodeScalars.append(hasNoForm ? "\u{FFFD}" : scalar)
    }
  }
}

extension JUnitReport {
  /// What `report` says. Where the run broke off, the expectations that it did not come to are skipped.
  ///
  /// - Parameter version: Of this program.
  package init(_ report: RunReport, version: String) {
    var cases = report.expectations.map { result -> Case in
      let reason = result.explanation ?? "it is \(result.actual)"
      return Case(result.expression, result.passed ? .passed : .failed("\(result.expression): \(reason)"))
    }
    cases += report.measurements.subject.expectations.dropFirst(report.expectations.count).map {
      Case($0, .skipped("the run broke off before this was measured"))
    }
    if !report.measurements.subject.isJudged, let reason = report.reason {
      switch report.verdict {
      case .passed: cases.append(Case("expectations", .skipped(reason)))
      case .failed: cases.append(Case("what the run finds of itself", .failed(reason)))
      case .error, .invalid: break
      }
    }
    if report.verdict == .error || report.verdict == .invalid {
      cases.append(Case("the run comes to a verdict", .broken(report.reason ?? report.verdict.rawValue)))
    }
    self.init(
      suite: report.scenario, startedAt: report.measurements.account.startedAt,
      seconds: report.elapsedSeconds,
      properties: [
        Property("verdict", report.verdict.rawValue), Property("seed", "\(report.seed)"),
        Property("sonde", version),
      ], cases: cases)
  }
}
