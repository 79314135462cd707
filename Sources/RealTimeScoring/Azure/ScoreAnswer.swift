import Files
import HTTP

/// The answer to a request to `/score`: an object a row, in their order.
struct ScoreAnswer {
  let request: ScoreRequest
  let scores: RequestScores

  func answer() -> HTTPAnswer {
    var writer = JSONWriter(reserving: 64 + 96 * scores.scores.count)
    if request.form == .webService {
      writer.beginObject()
      writer.key("Results")
      writer.beginObject()
      writer.key("WebServiceOutput0")
    }
    writer.beginArray()
    for (row, score) in scores.scores.enumerated() {
      writer.beginObject()
      if !request.rows.devices.isEmpty {
        writer.key("device")
        writer.text(request.rows.devices[row])
      }
      if !request.rows.sensors.isEmpty {
        writer.key("sensor")
        writer.text(request.rows.sensors[row])
      }
      writer.key("score")
      writer.number(score)
      writer.key("prediction")
      writer.number(scores.prediction(ofRow: row))
      writer.key("model_version")
      writer.text(scores.version(ofRow: row))
      writer.endObject()
    }
    writer.endArray()
    if request.form == .webService {
      writer.endObject()
      writer.endObject()
    }
    return .json(writer.bytes)
  }
}
