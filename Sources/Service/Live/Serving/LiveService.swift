import Files
import Foundation
import HTTP
import Synchronization
import Wording

/// A live page as a handler of requests: the page, its stream, and the finished report. It reads, and nothing else; nobody but the page of
/// the server itself may read along.
package final class LiveService: HTTPHandler {
  private let hub: LiveHub
  private let folder: HeldFolder?
  private let page: LivePage
  private let hosts: Mutex<HostCheck?> = Mutex(nil)
  private let lastRequest = Mutex(ContinuousClock.now)

  init(_ hub: LiveHub, folder: RunFolder, page: LivePage) {
    self.hub = hub
    self.page = page
    self.folder = HeldFolder(folder.path)
  }

  /// Requests are for `address` from now on; before that none is answered.
  func listen(on address: ListenAddress) { hosts.withLock { $0 = HostCheck(address) } }

  /// When somebody asked for something last.
  var lastAsked: ContinuousClock.Instant { lastRequest.withLock { $0 } }

  // MARK: - Refusals

  package func refusal(ofHead request: HTTPRequest) -> HTTPAnswer? {
    guard hosts.withLock({ $0?.accepts(request.headers["Host"]) ?? false }) else {
      return Self.fault(
        .forbidden, "this is not the address of this page; open the one that sonde view has printed")
    }
    let (index, _, fault) = LiveRoute.table.route(of: request)
    if let fault {
      var answer = Self.fault(fault.status, fault.description)
      if fault.status == .methodNotAllowed { answer.headers.add("Allow", "GET, HEAD") }
      return answer
    }
    // A page of another site may be linked from there, and no more.
    guard index == LiveRoute.page.rawValue || index == LiveRoute.report.rawValue || HostCheck.isOwn(request)
    else {
      return Self.fault(.forbidden, "this is for the page of this server alone")
    }
    return nil
  }

  package func refusal(of request: HTTPRequest, breaking limit: HTTPLimit) -> HTTPAnswer {
    Self.fault(limit.status, limit.description)
  }

  private static func fault(_ status: HTTPStatus, _ text: String) -> HTTPAnswer {
    var answer = HTTPAnswer.text(status, text + "\n")
    addHeaders(&answer, policy: "default-src 'none'")
    return answer
  }

  /// What every answer says: what a browser may do with it.
  private static func addHeaders(_ answer: inout HTTPAnswer, policy: String) {
    answer.headers.add(
      "Content-Security-Policy", policy + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    answer.headers.add("X-Content-Type-Options", "nosniff")
    answer.headers.add("Referrer-Policy", "no-referrer")
    answer.headers.add("Cross-Origin-Resource-Policy", "same-origin")
    answer.headers.add("Cross-Origin-Opener-Policy", "same-origin")
    answer.headers.add("Cache-Control", "no-store")
  }

  // MARK: - Answers

  package func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer? {
    lastRequest.withLock { $0 = .now }
    let (index, values, _) = LiveRoute.table.route(of: request)
    guard let route = index.flatMap(LiveRoute.init) else {
      return Self.fault(.notFound, "there is nothing there")
    }
    var answer: HTTPAnswer
    var policy = "default-src 'none'"
    switch route {
    case .page:
      answer = HTTPAnswer(type: "text/html; charset=utf-8", body: page.bytes)
      policy = page.policy
    case .state: answer = .json(hub.snapshot)
    case .events: answer = events(request)
    case .report:
      guard let file = file(LiveRoute.reportFile, in: folder, type: "text/html; charset=utf-8") else {
        return Self.fault(.notFound, "there is no report yet; it is written when the run ends")
      }
      answer = file
      // It says for itself which of its scripts and styles are its own; this keeps it from the network.
      policy += "; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:"
    case .chart:
      guard let name = values.first, Self.isPicture(name),
        let file = file(String(name), in: folder?.folder(LiveRoute.chartsFolder), type: "image/svg+xml")
      else { return Self.fault(.notFound, "there is no such picture") }
      answer = file
      policy += "; style-src 'unsafe-inline'; sandbox"
    }
    Self.addHeaders(&answer, policy: policy)
    return answer
  }

  private func events(_ request: HTTPRequest) -> HTTPAnswer {
    // A browser asks no more then; what there is stands in state.json.
    guard !hub.hasEnded else { return HTTPAnswer(.noContent) }
    guard request.method != .head else { return HTTPAnswer(.ok, type: "text/event-stream", body: []) }
    guard let stream = hub.makeStream() else {
      var answer = HTTPAnswer.text(
        .serviceUnavailable, "\(LiveDefaults.viewers) watch already, and no more can\n")
      answer.headers.add("Retry-After", "10")
      return answer
    }
    var answer = HTTPAnswer(.ok, headers: ["Content-Type": "text/event-stream; charset=utf-8"])
    answer.stream = stream
    return answer
  }

  private static func isPicture(_ name: Substring) -> Bool {
    name.hasSuffix(".svg") && !name.hasPrefix(".")
      && name.utf8.allSatisfy { byte in
        (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x2E
          || byte == 0x5F
      }
  }

  private func file(_ name: String, in folder: HeldFolder?, type: String) -> HTTPAnswer? {
    guard let (descriptor, count) = folder?.descriptor(of: name) else { return nil }
    guard count <= LiveDefaults.reportBytes else {
      close(descriptor)
      return nil
    }
    var answer = HTTPAnswer(.ok, headers: ["Content-Type": type])
    answer.file = HTTPFile(descriptor: descriptor, count: count)
    return answer
  }
}
