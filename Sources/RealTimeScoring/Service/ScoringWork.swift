import HTTP

/// A request to score that has been read: its rows, and how the answer is written.
struct ScoringWork: Sendable {
  let rows: RequestRows
  /// How many kernel values it takes.
  let kernels: Int
  private let deployment: ServedDeployment
  private let model: ServedModel?
  private let form: Form

  private enum Form: Sendable {
    case inference(InferenceRequest, name: String)
    case score(ScoreRequest)
  }

  /// Reads `request`, which is for the model called `name`, or where that is nil for `/score`. Throws ``RequestFault``.
  ///
  /// - Parameter endpoint: The endpoint's name, under which rows say of which device they are.
  init(_ request: HTTPRequest, _ name: String?, _ deployment: ServedDeployment, of endpoint: String)
    throws(RequestFault)
  {
    self.deployment = deployment
    if let name {
      // A device that is called like the endpoint comes first.
      model = name == endpoint && deployment.models[name] == nil ? nil : try deployment.model(name)
      let inference = try InferenceRequest(
        request.body, jsonLength: request.headers[InferenceRequest.jsonLengthHeader])
      rows = try inference.rows()
      form = .inference(inference, name: name)
    } else {
      model = nil
      let score = try ScoreRequest(request.body)
      rows = score.rows
      form = .score(score)
    }
    kernels = deployment.kernels(of: rows, model: model)
  }

  /// Scores, and writes the answer. Throws ``RequestFault``.
  func answer() throws(RequestFault) -> HTTPAnswer {
    try answer(try deployment.score(rows, with: model))
  }

  /// Writes the answer with scores that came from elsewhere. Throws ``RequestFault``.
  func answer(_ scores: RequestScores) throws(RequestFault) -> HTTPAnswer {
    switch form {
    case .inference(let request, let name):
      return try InferenceAnswer(request: request, model: name, scores: scores, hasVersions: model == nil)
        .answer()
    case .score(let request): return ScoreAnswer(request: request, scores: scores).answer()
    }
  }
}
