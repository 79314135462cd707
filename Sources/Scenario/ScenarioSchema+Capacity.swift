import DeviceFleet
import Documents

/// The keys of `capacity:`.
extension ScenarioSchema {
  static let capacity = Mapping(
    name: "capacity",
    keys: [
      Key(
        name: "from", kind: .form(.positiveLevel),
        about: "The level of the first step; 100% is what “every” says.", isRequired: true),
      Key(
        name: "ratio", kind: .number(.climb), about: "From the level of one step to the next. Default 1.25."),
      Key(
        name: "steps", kind: .wholeNumber(minimum: 1, maximum: UInt64(LoadStages.most)),
        about: "How many steps there are at most. Default 20."),
      Key(
        name: "for", kind: .duration,
        about: "How long a step lasts, in event time; at least a second of wall time. Default 5s."),
      Key(
        name: "rest", kind: .duration,
        about:
          "How long the fleet is silent after a step, in event time; at least half a second of wall time. Default 1s."
      ),
      Key(
        name: "latency", kind: .duration,
        about:
          "A step is carried only where its 99th percentile from planned send to durable is no longer. Default 250ms."
      ),
    ])
}

extension Schema.Bounds {
  static let climb = Self(
    above: 1, atMost: ScenarioDefaults.steepestClimb, wanted: "a number above 1, of at most 10")
}
