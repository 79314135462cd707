import HTTP
import OneClassSVM
import Wording

/// A deployment as it is served: its models in memory. It does not change; another state of its files is another value.
final class ServedDeployment: Sendable {
  let name: String
  /// By their names.
  let models: [String: ServedModel]
  /// Models that could not be read, and why, by their names.
  let broken: [String: String]
  /// What is scored with where there are no models: the script of an online endpoint, or one that scores windows.
  let script: OnlineScripts?
  let windowScript: WindowScripts?
  let limits: RequestLimits
  /// The model that rows without a device are scored with: the only one there is.
  private let only: ServedModel?

  init(
    name: String, models: [String: ServedModel], broken: [String: String] = [:],
    script: OnlineScripts? = nil, windowScript: WindowScripts? = nil, limits: RequestLimits = RequestLimits()
  ) {
    self.name = name
    self.models = models
    self.broken = broken
    self.script = script
    self.windowScript = windowScript
    self.limits = limits
    only = models.count == 1 && broken.isEmpty ? models.first?.value : nil
  }

  /// How many requests wait for a script, and how many it is at.
  var scriptLoad: (waiting: Int, busy: Int) { script?.load ?? windowScript?.load ?? (0, 0) }

  /// The model called `name`; throws ``RequestFault`` where there is none.
  func model(_ name: String) throws(RequestFault) -> ServedModel {
    if let model = models[name] { return model }
    if let reason = broken[name] {
      throw RequestFault(.serviceUnavailable, "the model \(name) cannot be read: \(reason)")
    }
    throw RequestFault(.notFound, "there is no model \(name.quoted)")
  }

  /// How many kernel values the rows take, which says how long it takes.
  func kernels(of rows: RequestRows, model: ServedModel?) -> Int {
    let vectors = (model ?? only)?.function.vectorCount ?? models.first?.value.function.vectorCount ?? 1
    return rows.count.multipliedReportingOverflow(by: vectors).partialValue
  }

  /// Scores rows with `model`, or each with the model of its device. Throws ``RequestFault``.
  func score(_ rows: RequestRows, with model: ServedModel?) throws(RequestFault) -> RequestScores {
    var result = RequestScores(scores: [])
    if rows.count == 0 { return result }
    if let model = model ?? (rows.devices.isEmpty ? only : nil) {
      try requireDevice(model, rows)
      try model.score(rows, 0..<rows.count, into: &result.scores)
      result.version = model.function.version
      return result
    }
    guard !rows.devices.isEmpty else {
      throw RequestFault(
        .badRequest,
        "the rows do not say of which device they are: add a column \(RequestRows.deviceColumn), or ask for a model by its name"
      )
    }
    result.scores.reserveCapacity(rows.count)
    var row = 0
    while row < rows.count {
      let name = name(ofRow: row, rows)
      guard let model = models[name] else { throw missing(name, row: row) }
      let first = row
      repeat { row += 1 } while row < rows.count && isSameModel(row, first, rows)
      try model.score(rows, first..<row, into: &result.scores)
      result.versions += repeatElement(model.function.version, count: row - first)
    }
    if Set(result.versions).count == 1 { result.version = result.versions.first }
    return result
  }

  private func name(ofRow row: Int, _ rows: RequestRows) -> String {
    guard !rows.sensors.isEmpty else { return rows.devices[row] }
    // A device's own model sees all of its sensors.
    let stem = ModelFile.stem(device: rows.devices[row], sensor: rows.sensors[row])
    return models[stem] == nil && models[rows.devices[row]] != nil ? rows.devices[row] : stem
  }

  private func isSameModel(_ row: Int, _ other: Int, _ rows: RequestRows) -> Bool {
    rows.devices[row] == rows.devices[other]
      && (rows.sensors.isEmpty || rows.sensors[row] == rows.sensors[other])
  }

  /// Rows that say that they are of another device are not scored by this one's model.
  private func requireDevice(_ model: ServedModel, _ rows: RequestRows) throws(RequestFault) {
    for row in rows.devices.indices where name(ofRow: row, rows) != model.name {
      throw RequestFault(
        .badRequest,
        "row \(row) is of \(name(ofRow: row, rows).quoted), and the model is of \(model.name.quoted)")
    }
  }

  private func missing(_ name: String, row: Int) -> RequestFault {
    if let reason = broken[name] {
      return RequestFault(.serviceUnavailable, "row \(row): the model \(name) cannot be read: \(reason)")
    }
    return RequestFault(.badRequest, "row \(row): there is no model of \(name.quoted)")
  }
}

/// How requests to a deployment are bounded, in the words of Azure's `request_settings`.
package struct RequestLimits: Hashable, Sendable, Codable {
  /// How long a request may take, from its last byte to its answer.
  package var requestTimeoutSeconds: Double
  /// How long a request may wait before anybody begins with it.
  package var maxQueueWaitSeconds: Double
  /// How many requests an instance works at at a time.
  package var maxConcurrentRequests: Int

  package init(
    requestTimeoutSeconds: Double = ServingDefaults.requestTimeout.seconds,
    maxQueueWaitSeconds: Double = ServingDefaults.maxQueueWait.seconds,
    maxConcurrentRequests: Int = ServingDefaults.maxConcurrentRequests
  ) {
    self.requestTimeoutSeconds = requestTimeoutSeconds
    self.maxQueueWaitSeconds = maxQueueWaitSeconds
    self.maxConcurrentRequests = maxConcurrentRequests
  }
}
