import DeviceFleet
import Documents

extension ScenarioSchema {
  /// Parts of a signal, which may have parts themselves.
  static let parts: Schema.Nested = Schema.Nested(
    wanted: "a list of parts such as { sine: … }", mapping: { signal })

  /// One part of a sensor's signal; it has one of these keys.
  static let signal: Mapping = Mapping(
    name: "signal",
    keys: [
      Key(name: "constant", kind: .object(constant), about: "The same value for ever."),
      Key(name: "sine", kind: .object(sine), about: "A swing."),
      Key(name: "square", kind: .object(square), about: "High for a share of each period, then low."),
      Key(
        name: "sawtooth", kind: .object(sawtooth), about: "An even rise in each period, and a fall at once."),
      Key(name: "diurnal", kind: .object(diurnal), about: "The swing of a day, in UTC."),
      Key(name: "weekly", kind: .object(weekly), about: "A level for each day of the week, in UTC."),
      Key(
        name: "random_walk", kind: .object(randomWalk), about: "Wanders, and may be drawn back to zero."),
      Key(name: "ecg", kind: .object(ecg), about: "A heartbeat-like pattern."),
      Key(name: "polynomial", kind: .object(polynomial), about: "A polynomial of the time."),
      Key(name: "trend", kind: .object(trend), about: "A steady rise or fall from the start of the clock."),
      Key(name: "noise", kind: .object(noise), about: "Noise around zero."),
      Key(
        name: "states", kind: .list(.object(state), atLeast: 2),
        about: "A machine that is in one of several states, such as off, idle and load."),
      Key(name: "recorded", kind: .object(recorded), about: "Values of a CSV file, over and over."),
      Key(name: "follow", kind: .object(follow), about: "Follows another sensor of the device."),
      Key(name: "sum", kind: .nested(parts), about: "Parts added up."),
      Key(name: "product", kind: .nested(parts), about: "Parts multiplied."),
      Key(name: "clamp", kind: .object(clamp), about: "Parts added up, and kept between two bounds."),
      Key(name: "delay", kind: .object(delay), about: "Parts added up, as they were some time before."),
    ],
    exactlyOneOf: [
      [
        "constant", "sine", "square", "sawtooth", "diurnal", "weekly", "random_walk", "ecg", "polynomial",
        "trend", "noise", "states", "recorded", "follow", "sum", "product", "clamp", "delay",
      ]
    ])

  private static let varies = "A number, or [low, high], from which each device draws its own."

  private static let offset = Key(
    name: "offset", kind: .varied(), about: "The level it swings around. Default 0. \(varies)")
  private static let period = Key(
    name: "period", kind: .variedDuration(),
    about:
      "The length of one period: a duration, or [shortest, longest], from which each device draws its own.",
    isRequired: true)
  private static let phase = Key(
    name: "phase", kind: .varied(),
    about:
      "Where in the period the clock starts, as a share of it. By default each device draws its own.")

  private static func amplitude(_ about: String) -> Key {
    Key(name: "amplitude", kind: .varied(), about: "\(about) \(varies)", isRequired: true)
  }

  static let constant = Mapping(
    name: "constant",
    keys: [Key(name: "value", kind: .varied(), about: "In the sensor's unit. \(varies)", isRequired: true)])

  static let sine = Mapping(
    name: "sine",
    keys: [offset, amplitude("Half the distance from trough to crest."), period, phase])

  static let square = Mapping(
    name: "square",
    keys: [
      offset, amplitude("Half the distance from low to high."), period, phase,
      Key(
        name: "duty", kind: .varied(.betweenZeroAndOne),
        about: "The share of the period that is high, between 0 and 1. Default 0.5."),
    ])

  static let sawtooth = Mapping(
    name: "sawtooth",
    keys: [offset, amplitude("Half the distance from bottom to top."), period, phase])

  static let ecg = Mapping(
    name: "ecg", keys: [offset, amplitude("The height of the highest bump."), period, phase])

  static let diurnal = Mapping(
    name: "diurnal",
    keys: [
      offset, amplitude("Half the distance from the lowest to the highest."),
      Key(
        name: "peak", kind: .variedDuration(.duration),
        about: "The time of day at which it is highest, from midnight UTC. Default 15h."),
    ])

  static let weekly = Mapping(
    name: "weekly",
    keys: [
      Key(
        name: "levels", kind: .list(.varied(), atLeast: 7, atMost: 7),
        about: "Seven levels, Monday to Sunday, in the sensor's unit.",
        isRequired: true)
    ])

  static let randomWalk = Mapping(
    name: "random_walk",
    keys: [
      Key(
        name: "per_hour", kind: .varied(.notNegative),
        about: "The standard deviation of its change in an hour. \(varies)", isRequired: true),
      Key(
        name: "memory", kind: .variedDuration(),
        about: "The time in which a deviation shrinks to a third. By default nothing draws it back."),
    ])

  static let polynomial = Mapping(
    name: "polynomial",
    keys: [
      Key(
        name: "coefficients", kind: .list(.varied(), atLeast: 1),
        about: "From the constant up, in the sensor's unit.",
        isRequired: true),
      Key(name: "unit", kind: .variedDuration(), about: "The time that counts as 1. Default 24h."),
    ])

  static let trend = Mapping(
    name: "trend",
    keys: [
      Key(
        name: "per_day", kind: .varied(), about: "Change in 24 hours, in the sensor's unit. \(varies)",
        isRequired: true)
    ])

  static let noise = Mapping(
    name: "noise",
    keys: [
      Key(
        name: "stddev", kind: .varied(.notNegative),
        about: "Standard deviation, in the sensor's unit. \(varies)",
        isRequired: true),
      Key(
        name: "distribution", kind: .choice(distributions),
        about: "gaussian, uniform or heavy_tailed (Student's t with 3 degrees of freedom). Default gaussian."),
    ])

  static let state = Mapping(
    name: "state",
    keys: [
      Key(name: "name", kind: .text, about: "Such as off, idle or load.", isRequired: true),
      Key(name: "level", kind: .varied(), about: "What is measured in it.", isRequired: true),
      Key(name: "dwell", kind: .variedDuration(), about: "How long it lasts on average.", isRequired: true),
    ])

  static let recorded = Mapping(
    name: "recorded",
    keys: [
      Key(
        name: "file", kind: .text, about: "A CSV file with a header, relative to this one.", isRequired: true),
      Key(name: "column", kind: .text, about: "The column with the values.", isRequired: true),
      Key(name: "delimiter", kind: .form(.delimiter), about: "One ASCII character, or tab. Default a comma."),
      Key(
        name: "every", kind: .variedDuration(), about: "The time from one value to the next.",
        isRequired: true),
      phase,
    ])

  static let follow = Mapping(
    name: "follow",
    keys: [
      Key(
        name: "sensor", kind: .identifier, about: "The sensor of the same device that is followed.",
        isRequired: true),
      offset,
      Key(
        name: "gain", kind: .varied(),
        about: "What a unit of the other sensor makes here. Default 1. \(varies)"
      ),
      Key(
        name: "lag", kind: .variedDuration(.duration),
        about: "The time in which 63% of a step is reached. Default none."),
    ])

  static let clamp = Mapping(
    name: "clamp",
    keys: [
      Key(name: "min", kind: .varied(), about: "The lower bound. Default none."),
      Key(name: "max", kind: .varied(), about: "The upper bound. Default none."),
      Key(name: "of", kind: .nested(parts), about: "The parts.", isRequired: true),
    ])

  static let delay = Mapping(
    name: "delay",
    keys: [
      Key(name: "by", kind: .variedDuration(), about: "How much later.", isRequired: true),
      Key(name: "of", kind: .nested(parts), about: "The parts.", isRequired: true),
    ])

  static let distributions = NoiseSignal.Distribution.allCases.map(\.rawValue)
}
