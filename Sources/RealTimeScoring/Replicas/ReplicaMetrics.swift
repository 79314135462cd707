import Files
import HTTP
import Synchronization
import Wording

/// Answers `GET /metrics` for a whole set of replicas, on a socket file that haproxy knows: each replica counts for itself alone.
package final class ReplicaMetrics: HTTPHandler {
  private let text = Mutex<[UInt8]>([])
  private let keys: KeyRing?

  /// - Parameter keys: Who may ask; nil for everybody.
  package init(keys: KeyRing?) { self.keys = keys }

  /// What it answers from now on.
  package func take(_ figures: ReplicaFigures) {
    var metrics = PrometheusText()
    HAProxyMetrics.add(figures, to: &metrics)
    text.withLock { $0 = Array(metrics.text.utf8) }
  }

  package func refusal(ofHead request: HTTPRequest) -> HTTPAnswer? {
    let face = ServiceRoute.Face.azure
    if let keys {
      switch keys.check(authorization: request.headers["Authorization"]) {
      case .accepted: break
      case .missing, .wrong:
        return face.answer(RequestFault(.unauthorized, "a key is needed: Authorization: Bearer KEY"))
      case .tooFast(_, _, let seconds):
        return face.answer(
          RequestFault(.tooManyRequests, "the key has been used too often", retryAfter: seconds))
      }
    }
    guard request.path == ServiceRoute.metrics.pattern else {
      return face.answer(RequestFault(.notFound, "there is nothing at \(request.path.quoted)"))
    }
    guard request.method == .get || request.method == .head else {
      return face.answer(
        RequestFault(.methodNotAllowed, "\(request.path) takes GET alone", allowed: [.get]))
    }
    return nil
  }

  package func refusal(of request: HTTPRequest, breaking limit: HTTPLimit) -> HTTPAnswer {
    ServiceRoute.Face.azure.answer(RequestFault(limit.status, limit.description))
  }

  package func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer? {
    HTTPAnswer(.ok, type: ServiceMetrics.contentType, body: text.withLock { $0 })
  }
}
