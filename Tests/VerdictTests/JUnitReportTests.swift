import Foundation
import FoundationXML
import Telemetry
import Testing
import Verdict

/// An element as a parser of XML gives it.
private final class Element {
  let name: String
  let attributes: [String: String]
  var children: [Element] = []
  var text = ""

  init(_ name: String, _ attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }
}

private final class TreeBuilder: NSObject, XMLParserDelegate {
  let root = Element("", [:])
  private lazy var open = [root]

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let element = Element(name, attributes)
    open.last?.children.append(element)
    open.append(element)
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.text += text }
}

/// `junit.xml`, held against what the schemas of Jenkins' xUnit plugin (`junit-10.xsd`) and of Ant's reports (windyroad's
/// `JUnit.xsd`) demand of the elements that are used, the stricter of both.
@Suite struct JUnitReportTests {
  /// Text that XML has to write in other words, or has none for.
  private static let awkward =
    "a < b & \"c\" > 'd' ]]> \u{0}\u{1}\u{B}\u{1B}[31m\u{FFFE} tab\there, line\r\nend, \u{1F600} e\u{301}"

  private func report(_ cases: [JUnitReport.Case], seconds: Double = 12.3456789) -> JUnitReport {
    JUnitReport(
      suite: "quick \"start\"", startedAt: Timestamp(iso8601: "2026-01-01T12:34:56.789Z")!, host: "host",
      seconds: seconds, properties: [.init("seed", "42"), .init("path", Self.awkward)], cases: cases)
  }

  private func parse(_ text: String) throws -> Element {
    let parser = XMLParser(data: Data(text.utf8))
    let builder = TreeBuilder()
    parser.delegate = builder
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") in \(text)")
    return try #require(builder.root.children.first)
  }

  private func expectSpace(_ element: Element) {
    let isSpace = element.text.allSatisfy(\.isWhitespace)
    #expect(isSpace, "\(element.name) has the text “\(element.text)”")
  }

  private func expect(_ element: Element, required: Set<String>, optional: Set<String> = []) {
    let names = Set(element.attributes.keys)
    #expect(required.isSubset(of: names), "\(element.name) lacks \(required.subtracting(names))")
    let others = names.subtracting(required).subtracting(optional)
    #expect(others.isEmpty, "\(element.name) has \(others)")
  }

  /// Seconds: a decimal number with three decimals at most, and no exponent.
  private func expectTime(_ text: String?) {
    #expect(text?.wholeMatch(of: /[0-9]+(\.[0-9]{0,3})?/) != nil, "time is \(text ?? "missing")")
  }

  /// Returns the test cases.
  private func check(_ text: String) throws -> [Element] {
    let root = try parse(text)
    #expect(root.name == "testsuites" && root.attributes.isEmpty && root.children.count == 1)
    expectSpace(root)
    let suite = try #require(root.children.first)
    #expect(suite.name == "testsuite")
    expect(
      suite,
      required: [
        "name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time",
      ])
    expectSpace(suite)
    #expect(suite.attributes["name"]?.isEmpty == false && suite.attributes["hostname"]?.isEmpty == false)
    let stamp = suite.attributes["timestamp"] ?? ""
    #expect(stamp.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}/) != nil, "\(stamp)")
    expectTime(suite.attributes["time"])
    let cases = suite.children.filter { $0.name == "testcase" }
    #expect(
      suite.children.map(\.name)
        == ["properties"] + cases.map(\.name) + ["system-out", "system-err"], "in this order")
    for property in suite.children[0].children {
      #expect(property.name == "property" && property.attributes["name"]?.isEmpty == false)
      expect(property, required: ["name", "value"])
    }
    for element in cases {
      expect(element, required: ["name", "classname", "time"])
      expectTime(element.attributes["time"])
      expectSpace(element)
      #expect(element.children.count <= 1)
      for outcome in element.children {
        #expect(["failure", "error", "skipped"].contains(outcome.name) && outcome.children.isEmpty)
        if outcome.name == "skipped" {
          expect(outcome, required: ["message"])
        } else {
          expect(outcome, required: ["message", "type"])
          #expect(outcome.text == outcome.attributes["message"], "both have the whole text")
        }
      }
    }
    #expect(Set(cases.compactMap { $0.attributes["name"] }).count == cases.count, "names are told apart")
    for (count, name) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
      #expect(suite.attributes[count] == "\(cases.count { $0.children.first?.name == name })", "\(count)")
    }
    #expect(suite.attributes["tests"] == "\(cases.count)")
    return cases
  }

  @Test func everyOutcomeIsValid() throws {
    let text = report([
      .init("readings.lost == 0", .passed), .init("detection.recall >= 0.9", .failed("it is 0.5")),
      .init("windows.mismatched == 0", .skipped("not reached")), .init("the run", .broken("no broker")),
    ]).text
    let cases = try check(text)
    #expect(cases.map { $0.children.first?.name } == [nil, "failure", "skipped", "error"])
    #expect(cases[1].attributes["name"] == "detection.recall >= 0.9")
    #expect(cases[1].children[0].text == "it is 0.5")
    #expect(text.contains("timestamp=\"2026-01-01T12:34:56\"") && text.contains("time=\"12.346\""))
  }

  @Test(arguments: [0, 1e-9, 0.0005, 999.9999, 1234.5678, 1e7 / 3, .infinity, .nan, -1])
  func timesAreDecimal(seconds: Double) throws {
    _ = try check(report([.init("a", .passed)], seconds: seconds).text)
  }

  @Test func anyTextComesBack() throws {
    let cases = try check(
      report([
        .init(Self.awkward, .failed(Self.awkward)), .init("b", .broken(Self.awkward)),
        .init("c", .skipped(Self.awkward)),
      ]).text)
    // What XML has no form for is seen as such.
    let expected = String(
      String.UnicodeScalarView(
        Self.awkward.unicodeScalars.map { scalar in
          let isBlank = scalar == "\n" || scalar == "\r" || scalar == "\t"
          return (scalar.value < 32 && !isBlank) || scalar.value == 0xFFFE ? "\u{FFFD}" : scalar
        }))
    for element in cases {
      #expect(
        element.children[0].attributes["message"]?.unicodeScalars.elementsEqual(expected.unicodeScalars)
          == true)
    }
  }

  @Test func equalNamesAreToldApart() throws {
    let names = ["a == 0", "a == 0", "a  ==\t0", "a == 0 (2)", "b", "a == 0", "\u{1}", "\u{2}"]
    let cases = try check(report(names.map { .init($0, .passed) }).text)
    let read = cases.compactMap { $0.attributes["name"] }
    #expect(read[0] == "a == 0" && read[3] == "a == 0 (2)" && read[4] == "b", "the first of a name keeps it")
    #expect(
      read.map { $0.split(separator: " ").joined(separator: " ") } == read, "blanks are folded by readers")
  }

  @Test func noCasesAreACaseToo() throws {
    #expect(try check(report([]).text).isEmpty)
  }
}
