import HTTP
import Modelling
import Telemetry

// Requests that scripts answer.

extension ScoringService {
  /// Says in the answers of a script whether `run()` has failed, as Azure's server does.
  private static let scriptFailedHeader = "x-ms-run-function-failed"

  /// Has the script of an online endpoint answer a body.
  func ask(
    _ script: OnlineScripts, _ request: HTTPRequest, _ record: RequestRecord, _ limits: RequestLimits,
    _ reply: HTTPReply
  ) {
    let deadline = record.started + .seconds(limits.requestTimeoutSeconds)
    do throws(RequestFault) {
      try script.ask(request.body, by: deadline) { [self] result in
        switch result {
        case .success(var answer):
          answer.headers.add(Self.scriptFailedHeader, "False")
          reply.send(finish(record, request, answer))
        case .failure(let fault):
          var answer = finish(record, request, fault: fault)
          answer.headers.add(Self.scriptFailedHeader, fault.status == .internalError ? "True" : "False")
          reply.send(answer)
        }
      }
    } catch {
      reply.send(finish(record, request, fault: error))
    }
  }

  /// Has a script score the rows of a request as windows, and answers.
  func score(
    _ script: WindowScripts, _ request: HTTPRequest, _ record: RequestRecord, _ endpoint: String,
    _ deployment: ServedDeployment, _ reply: HTTPReply
  ) {
    let deadline = record.started + .seconds(deployment.limits.requestTimeoutSeconds)
    do throws(RequestFault) {
      try script.score(
        by: deadline,
        reading: { () throws(RequestFault) in
          try ScoringWork(request, record.model, deployment, of: endpoint)
        },
        take: { [self] result in
          var record = record
          do throws(RequestFault) {
            let (work, scores) = try result.get()
            record.rows = work.rows.count
            reply.send(finish(record, request, try work.answer(scores)))
          } catch {
            reply.send(finish(record, request, fault: error))
          }
        })
    } catch {
      reply.send(finish(record, request, fault: error))
    }
  }
}
