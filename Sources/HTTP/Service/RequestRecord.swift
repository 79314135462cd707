import Files

/// What a line of the access log says of a request.
package struct RequestRecord: Sendable {
  /// Its route, by its position in the service's table; nil where the path has none.
  package let route: Int?
  /// The pattern of its route, such as `/v2/models/{model}`.
  package let pattern: String?
  package let method: String
  package let started: ContinuousClock.Instant
  /// By which client and log know the request again.
  package let id: String
  package var model: String?
  package var deployment: String?
  /// Of a batch endpoint.
  package var endpoint: String?
  package var job: String?
  /// How many rows were scored; nil where the service scores none.
  package var rows: Int?
  /// The first digits of the digest of the key.
  package var key: String?
  package var client: String
  /// Why it was refused or failed; nil where it was not.
  package var reason: String?

  package init(
    route: Int?, pattern: String?, method: String, started: ContinuousClock.Instant = .now, id: String,
    key: String? = nil, client: String
  ) {
    self.route = route
    self.pattern = pattern
    self.method = method
    self.started = started
    self.id = id
    self.key = key
    self.client = client
  }

  /// Writes the line of a request that was answered at `time`.
  func write(status: Int, duration: Duration, at time: String, to bytes: inout [UInt8]) {
    var writer = JSONWriter(appendingTo: &bytes)
    writer.beginObject()
    writer.key("time")
    writer.text(time)
    writer.key("id")
    writer.text(id)
    writer.key("method")
    writer.text(method)
    writer.key("route")
    if let pattern { writer.text(pattern) } else { writer.null() }
    for (name, value) in [
      ("model", model), ("endpoint", endpoint), ("deployment", deployment), ("job", job),
    ] as [(StaticString, String?)] {
      guard let value else { continue }
      writer.key(name)
      writer.text(value)
    }
    writer.key("status")
    writer.number(status)
    if let rows {
      writer.key("rows")
      writer.number(rows)
    }
    writer.key("duration_us")
    writer.number(Int(duration / .microseconds(1)))
    writer.key("client")
    writer.text(client)
    if let key {
      writer.key("key")
      writer.text(key)
    }
    if let reason {
      writer.key("reason")
      writer.text(reason)
    }
    writer.endObject()
    bytes = writer.finish()
    bytes.append(0x0A)
  }
}
