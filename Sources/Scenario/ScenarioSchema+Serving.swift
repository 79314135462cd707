import Documents
import HTTPLoad
import RealTimeScoring

/// The keys of `serving:`.
extension ScenarioSchema {
  private static let replicas = Kind.wholeNumber(
    minimum: ReplicaDefaults.fewestReplicas, maximum: UInt64(ReplicaDefaults.mostReplicas))
  private static let connections = Kind.wholeNumber(
    minimum: 1, maximum: UInt64(HTTPLoadDefaults.mostConnections))
  private static let rows = Kind.wholeNumber(minimum: 1, maximum: UInt64(HTTPLoadDefaults.mostRows))

  static let serving = Mapping(
    name: "serving",
    keys: [
      Key(
        name: "endpoint", kind: .text,
        about:
          "The endpoint file that is served, relative to this one. By default the models of the run are served."
      ),
      Key(
        name: "replicas", kind: .any([replicas, .list(replicas, atLeast: 1, isUnique: true)]),
        about: "How many replicas answer; several numbers are tried one after the other. Default 1."),
      Key(
        name: "min_instances", kind: replicas,
        about: "How many replicas stay, in place of a fixed number. Default 1."),
      Key(
        name: "max_instances", kind: replicas,
        about: "How many replicas come at most while they are busy, in place of a fixed number."),
      Key(
        name: "threads", kind: .wholeNumber(minimum: 1),
        about: "How many long requests a replica answers at a time. Default 1."),
      Key(
        name: "queue", kind: .wholeNumber(minimum: 1),
        about: "How many requests may wait in a replica. Default \(ServingDefaults.queuedRequests)."),
      Key(
        name: "load", kind: .object(servingLoad),
        about: "The load that the service is put under when the jobs are over."),
    ],
    atMostOneOf: [["replicas", "min_instances"], ["replicas", "max_instances"]],
    needs: [("min_instances", "max_instances")])

  static let servingLoad = Mapping(
    name: "load",
    keys: [
      Key(name: "rate", kind: .number(.requestRate), about: "Requests a second."),
      Key(
        name: "row_rate", kind: .number(.requestRate),
        about: "Rows a second; with more rows a request there are fewer requests."),
      Key(
        name: "stages", kind: .list(.object(servingStage), atLeast: 1, atMost: HTTPLoadDefaults.mostStages),
        about: "Several rates one after the other."),
      Key(
        name: "for", kind: .duration,
        about: "How long requests are sent. Default \(HTTPLoadDefaults.duration.text)."),
      Key(
        name: "arrivals", kind: .choice(ArrivalPlan.Spacing.allCases.map(\.rawValue)),
        about: "poisson, the default: as callers come who know nothing of each other; even: at equal gaps."),
      Key(
        name: "rows", kind: .any([rows, .list(rows, atLeast: 1, isUnique: true)]),
        about: "Rows a request; several numbers are tried one after the other. Default 1."),
      Key(
        name: "features", kind: .wholeNumber(minimum: 1, maximum: UInt64(HTTPLoadDefaults.mostFeatures)),
        about: "Rows are made up, with so many features. By default they are windows of the run."),
      Key(
        name: "body", kind: .text,
        about: "A file that each request carries to /score as it is, relative to this one."),
      Key(
        name: "protocol", kind: .choice(ScoringProtocol.allCases.map(\.rawValue)),
        about:
          "oip: the Open Inference Protocol v2; azure: that of Azure ML's online endpoints. Default azure with an endpoint file, else oip."
      ),
      Key(name: "binary", kind: .boolean, about: "Whether oip carries binary tensors. Default false."),
      Key(
        name: "connections",
        kind: .any([connections, .list(connections, atLeast: 1, isUnique: true)]),
        about:
          "Requests that can be under way at a time, each on a connection that is kept open; several numbers are tried one after the other. "
          + "Default \(HTTPLoadDefaults.connections)."),
      Key(
        name: "timeout", kind: .duration,
        about: "How long a request may take. Default \(HTTPLoadDefaults.timeout.text)."),
    ],
    exactlyOneOf: [["rate", "row_rate", "stages"]],
    atMostOneOf: [["stages", "for"], ["features", "body"], ["body", "binary"], ["body", "protocol"]])

  static let servingStage = Mapping(
    name: "stage",
    keys: [
      Key(
        name: "rate", kind: .number(.requestRateOrNone), about: "Requests a second; 0 is a pause.",
        isRequired: true),
      Key(name: "for", kind: .duration, about: "How long it lasts.", isRequired: true),
    ])
}

extension Schema.Bounds {
  static let requestRate = Self(
    above: 0, atMost: HTTPLoadDefaults.mostRate,
    wanted: "a number above zero, of at most \(Int(HTTPLoadDefaults.mostRate))")
  static let requestRateOrNone = Self(
    atLeast: 0, atMost: HTTPLoadDefaults.mostRate,
    wanted: "a number from 0 to \(Int(HTTPLoadDefaults.mostRate))")
}
