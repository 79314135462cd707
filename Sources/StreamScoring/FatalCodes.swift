/// Which answers end the scoring, and which are only waited out: the two texts that Azure Stream Analytics has had on its calls of a scoring
/// service.
package enum FatalCodes: String, CaseIterable, Hashable, Sendable, Codable {
  /// The text of 2020: 503 is tried again without end, and any other answer than 200 is fatal.
  case text2020 = "2020"
  /// The text of 2022: 400, 401, 404 and 409 are fatal, and all others are tried again without end.
  case text2022 = "2022"

  /// Whether an answer of `status`, which is not 200, is fatal. No answer at all never is.
  package func isFatal(_ status: Int) -> Bool {
    switch self {
    case .text2020: status != 503
    case .text2022: [400, 401, 404, 409].contains(status)
    }
  }
}
