import HTTP

/// The idempotency key of a request (OASIS Repeatable Requests 1.0). Azure's client calls its header `repeatability_request-id`; dashes and
/// underscores count as the same.
enum Repeatability {
  private static let names = [
    "repeatability-request-id", "repeatability_request-id", "repeatability_request_id",
    "repeatability-request_id",
  ]
  /// Says in an answer whether the key was taken.
  static let resultHeader = "Repeatability-Result"

  static func isAsked(_ request: HTTPRequest) -> Bool { names.contains { request.headers[$0] != nil } }

  /// Nil where there is none. Throws ``RequestFault`` with 400 where it is no key, or where there are two.
  static func key(of request: HTTPRequest) throws(RequestFault) -> String? {
    let found = Set(names.compactMap { request.headers[$0] })
    guard found.count <= 1 else { throw RequestFault("two headers give different idempotency keys") }
    guard let key = found.first else { return nil }
    guard !key.isEmpty, key.utf8.count <= BatchDefaults.keyBytes,
      key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else {
      throw RequestFault(
        "an idempotency key has 1 to \(BatchDefaults.keyBytes) visible ASCII characters, such as a UUID")
    }
    return key
  }
}
