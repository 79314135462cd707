/// `junit.xml`: one test case an expectation, for continuous integration servers.
enum JUnitReport {
  static func text(of report: RunReport) -> String {
    let failures = report.expectations.count { !$0.passed }
    let broke = report.verdict == .error || report.verdict == .invalid
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites>
        <testsuite name="\(escaped(report.scenario))" tests="\(report.expectations.count + (broke ? 1 : 0))" \
      failures="\(failures)" errors="\(broke ? 1 : 0)" time="\(report.elapsedSeconds)">

      """
    for result in report.expectations {
      let head =
        "    <testcase classname=\"\(escaped(report.scenario))\" name=\"\(escaped(result.expression))\""
      if result.passed {
        text += head + "/>\n"
      } else {
        let message = escaped(result.explanation ?? "it is \(result.actual)")
        text += head + "><failure message=\"\(message)\"/></testcase>\n"
      }
    }
    if broke {
      text += "    <testcase classname=\"\(escaped(report.scenario))\" name=\"the run comes to a verdict\">"
      text += "<error message=\"\(escaped(report.reason ?? report.verdict.rawValue))\"/></testcase>\n"
    }
    return text + "  </testsuite>\n</testsuites>\n"
  }

  /// Text for an attribute: the five characters of XML, and none of the control characters that XML has no form for.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\n", "\t": result += " "
      case _ where scalar.value < 0x20: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
