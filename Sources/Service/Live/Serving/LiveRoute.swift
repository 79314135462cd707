import HTTP

/// What can be asked of a live page. Nothing of it changes anything.
package enum LiveRoute: Int, CaseIterable, Sendable {
  case page, events, state, report, chart

  package var pattern: String {
    switch self {
    case .page: "/"
    case .events: "/events"
    case .state: "/state.json"
    case .report: "/\(Self.reportFile)"
    case .chart: "/\(Self.chartsFolder)/{name}"
    }
  }

  /// The files of the run's folder that are handed out: its report, and the pictures in one folder.
  static let reportFile = "report.html"
  static let chartsFolder = "charts"

  static let table = RouteTable(allCases.map { RouteTable.Route(.get, $0.pattern) })
}
