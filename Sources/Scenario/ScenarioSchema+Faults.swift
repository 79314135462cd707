import Documents

extension ScenarioSchema {
  /// A key a kind of fault, whose value is the part that it hits.
  static let fault = Mapping(
    name: "fault",
    keys: [
      Key(
        name: "at", kind: .durationOrNone,
        about: "When, as an offset from the start of the clock: as soon as a reading of that time is stored.")
    ]
      + FaultKind.allCases.map { kind in
        Key(name: kind.name, kind: .choice(kind.targets.map(\.rawValue)), about: kind.about)
      } + [
        Key(
          name: "random", kind: .wholeNumber(minimum: 1, maximum: UInt64(RandomFaults.most)),
          about: "Or: so many faults, drawn from the seed."),
        Key(name: "between", kind: .span, about: "random: the part of the clock in which they happen."),
        Key(name: "for", kind: .duration, about: "How long it lasts, in wall-clock time; at most 20s."),
        Key(
          name: "by", kind: .form(.signedDuration),
          about: "clock_step: how far, such as 1h or -1h."),
        Key(
          name: "saved", kind: .boolean,
          about: "kill: broker: whether it dies with its state saved. Default false: as it comes."),
      ], exactlyOneOf: [FaultKind.allCases.map { $0.name } + ["random"]])
}
