import Wording

/// Writes the requests of a load, each a function of its number: the same request sent again has the same bytes, and no two have the same
/// id.
package struct RequestWriter: Sendable {
  /// What is in the bodies.
  package enum Content: Sendable {
    /// Rows, so many a request. As a binary tensor where that is wanted, which the Open Inference Protocol alone has.
    case rows(RequestRows, perRequest: Int, ScoringProtocol, isBinary: Bool)
    /// The bytes of a file, which count as so many rows.
    case file([UInt8], rows: Int)
  }

  /// What goes into the headers of every request.
  package struct Headers: Sendable {
    /// The key that is sent as `Authorization: Bearer`; nil for none.
    package var key: String?
    /// Which deployment of an Azure endpoint is asked; nil where the endpoint decides.
    package var deployment: String?

    package init(key: String? = nil, deployment: String? = nil) {
      self.key = key
      self.deployment = deployment
    }

    /// What is wrong with them, in a sentence that does not repeat the key; nil where nothing is.
    var fault: String? {
      func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      }
      if let key, !isVisible(key) { return "a key is visible ASCII characters alone, without blanks" }
      if let deployment, !isVisible(deployment) { return "\(deployment.quoted) is no name of a deployment" }
      return nil
    }
  }

  package let content: Content
  private let session: String
  /// Whether the path has the name of the model in it.
  private let namesModel: Bool
  /// Whether rows say which device they are of.
  private let namesDevices: Bool
  /// The headers that are alike in all requests, up to the last line end.
  private let commonHeaders: [UInt8]
  /// The path before and after the model.
  private let path: (before: [UInt8], after: [UInt8])

  /// - Parameters:
  ///   - session: What ids begin with: letters and digits by which the requests of two generators are told apart.
  /// - Throws: ``HTTPLoadError`` where content, URL and headers do not go together.
  package init(_ content: Content, to target: LoadTarget, headers: Headers = Headers(), session: String)
    throws(HTTPLoadError)
  {
    if let fault = headers.fault { throw HTTPLoadError(fault) }
    self.content = content
    self.session = session
    namesModel = target.hasPlaceholder
    var isBinary = false
    var namesDevices = false
    switch content {
    case .rows(let rows, let perRequest, let spoken, let binary):
      guard (1...HTTPLoadDefaults.mostRows).contains(perRequest) else {
        throw HTTPLoadError("a request has 1 to \(HTTPLoadDefaults.mostRows) rows, not \(perRequest)")
      }
      guard !binary || spoken == .oip else {
        throw HTTPLoadError("only the Open Inference Protocol has binary tensors")
      }
      let haveModels = rows.groups.allSatisfy { $0.model != nil }
      guard !target.hasPlaceholder || haveModels else {
        throw HTTPLoadError(
          "\(LoadTarget.placeholder) in the URL stands for a model of a run, and there is none; name the model, or give --run"
        )
      }
      isBinary = binary
      // Azure's service has one path for all models.
      namesDevices = rows.groups.allSatisfy { !$0.owners.isEmpty } && (spoken == .azure || !haveModels)
    case .file(let bytes, let rows):
      guard bytes.count <= HTTPLoadDefaults.mostBodyBytes else {
        throw HTTPLoadError("a body has at most \(HTTPLoadDefaults.mostBodyBytes) bytes, not \(bytes.count)")
      }
      guard (1...HTTPLoadDefaults.mostRows).contains(rows) else {
        throw HTTPLoadError("a request has 1 to \(HTTPLoadDefaults.mostRows) rows, not \(rows)")
      }
      guard !target.hasPlaceholder else {
        throw HTTPLoadError("\(LoadTarget.placeholder) in the URL is for the models of a run, with --run")
      }
    }
    self.namesDevices = namesDevices
    var text = " HTTP/1.1\r\nHost: \(target.authority)\r\nUser-Agent: sonde-load\r\n"
    text += "Content-Type: \(isBinary ? "application/octet-stream" : "application/json")\r\n"
    if let key = headers.key { text += "Authorization: Bearer \(key)\r\n" }
    if let deployment = headers.deployment { text += "azureml-model-deployment: \(deployment)\r\n" }
    commonHeaders = Array(text.utf8)
    if let range = target.path.firstRange(of: LoadTarget.placeholder) {
      path = (
        Array(target.path[..<range.lowerBound].utf8), Array(target.path[range.upperBound...].utf8)
      )
    } else {
      path = (Array(target.path.utf8), [])
    }
  }

  /// Rows of each request.
  package var rowsPerRequest: Int {
    switch content {
    case .rows(_, let count, _, _): count
    case .file(_, let rows): rows
    }
  }

  /// How answers are held against their requests.
  package var check: AnswerCheck {
    switch content {
    case .rows(_, _, .oip, _): .inference
    case .rows(_, _, .azure, _): .json
    case .file: .header
    }
  }

  /// The id of a request, which its answer has to have.
  package func id(of number: Int) -> [UInt8] { Array("\(session)-\(number)".utf8) }

  /// Puts the request of this number in place of what `bytes` holds.
  ///
  /// - Parameter scratch: Room for its body, kept between calls.
  package func write(_ number: Int, to bytes: inout [UInt8], scratch: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    scratch.removeAll(keepingCapacity: true)
    bytes += Self.method
    bytes += path.before
    var jsonLength: Int?
    switch content {
    case .file(let body, _):
      writeHead(number, bodyBytes: body.count, jsonLength: nil, to: &bytes)
      bytes += body
      return
    case .rows(let rows, let perRequest, let spoken, let isBinary):
      let group = rows.groups[number % rows.groups.count]
      if namesModel, let model = group.model { bytes += model.utf8 }
      let first = (number / rows.groups.count * perRequest) % group.count
      let body = RequestBody(group, first: first, count: perRequest, namesDevices: namesDevices)
      switch spoken {
      case .azure: body.writeAzure(to: &scratch)
      case .oip: jsonLength = body.writeInference(id: id(of: number), isBinary: isBinary, to: &scratch)
      }
      if !isBinary { jsonLength = nil }
    }
    writeHead(number, bodyBytes: scratch.count, jsonLength: jsonLength, to: &bytes)
    bytes += scratch
  }

  private static let method = Array("POST ".utf8)

  private func writeHead(_ number: Int, bodyBytes: Int, jsonLength: Int?, to bytes: inout [UInt8]) {
    bytes += path.after
    bytes += commonHeaders
    bytes += "x-request-id: ".utf8
    bytes += id(of: number)
    if let jsonLength { bytes += "\r\nInference-Header-Content-Length: \(jsonLength)".utf8 }
    bytes += "\r\nContent-Length: \(bodyBytes)\r\n\r\n".utf8
  }
}
