import Foundation
import HTTP
import Supervision
import Synchronization

/// Clients that ask one thing after the other, each with a number of its own, until they are told to stop.
final class RequestStream: Sendable {
  private let flag = StopFlag()
  private let state = Mutex<(answered: Int, wrong: [String])>((0, []))
  private let group = DispatchGroup()

  init(_ clients: Int, to address: ListenAddress) {
    for client in 1...clients {
      group.enter()
      Thread.detachNewThread { [self] in
        defer { group.leave() }
        let front = FrontClient(address)
        var number = 0
        while !flag.isSet {
          number += 1
          let path = "/v2/models/c\(client)-\(number)/infer"
          let body = String(repeating: "x", count: number % 3000)
          do {
            let answer = try front.post(path, body)
            let isRight =
              answer.status == 200 && answer.body.contains("\"\(path)\"")
              && answer.body.contains("\"bytes\": \(body.utf8.count)")
            state.withLock {
              $0.answered += 1
              if !isRight { $0.wrong.append("\(path): \(answer)") }
            }
          } catch {
            state.withLock { $0.wrong.append("\(path): \(error)") }
          }
        }
      }
    }
  }

  var answered: Int { state.withLock(\.answered) }
  var wrong: [String] { state.withLock(\.wrong) }

  func stop() async {
    flag.set()
    await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() }
    }
  }
}
