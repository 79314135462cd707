import HTTP
import Telemetry

/// What haproxy answers by itself, in the shape of the protocol whose client has asked: `{"error": "…"}` below `/v2`, and
/// `{"message": "…"}` elsewhere, as Azure's online endpoints answer.
struct HAProxyErrorPage: Hashable, Sendable {
  let status: Int
  /// A sentence without quotation marks, backslashes and per cent signs, which haproxy would read.
  let sentence: String
  /// Whether the same request may be answered later.
  let mayComeAgain: Bool

  private static let variable = "txn.error_key"

  /// Directives of a frontend that settle the shape. They look at the head of a request, and so hold also where its body never comes.
  static let settingOfShape = [
    "tcp-request content set-var(\(variable)) str(message)",
    "tcp-request content set-var(\(variable)) str(error) if { path /v2 } || { path_beg /v2/ }",
  ]

  static func all(arrivalTimeout: Duration, requestTimeout: Duration) -> [HAProxyErrorPage] {
    [
      HAProxyErrorPage(status: 400, sentence: "the request is no HTTP that can be read", mayComeAgain: false),
      HAProxyErrorPage(
        status: 408, sentence: "the request did not arrive within \(seconds(arrivalTimeout))",
        mayComeAgain: false),
      HAProxyErrorPage(
        status: 500, sentence: "the service has failed at this request", mayComeAgain: false),
      HAProxyErrorPage(
        status: 502, sentence: "no replica has answered; those that tried have ended", mayComeAgain: true),
      HAProxyErrorPage(
        status: 503, sentence: "the service has no replica free for this request; try again",
        mayComeAgain: true),
      HAProxyErrorPage(
        status: 504, sentence: "the replica did not answer within \(seconds(requestTimeout))",
        mayComeAgain: false),
    ]
  }

  /// The line of the configuration.
  var directive: String {
    let retry = mayComeAgain ? " hdr Retry-After \(HTTPDefaults.retryAfterSeconds)" : ""
    return "http-error status \(status) content-type application/json "
      + "lf-string '{\"%[var(\(Self.variable))]\":\"\(sentence)\"}'" + retry
  }

  private static func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.milliseconds
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}
