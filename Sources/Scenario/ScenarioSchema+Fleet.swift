import DeviceFleet
import Documents
import Telemetry

/// The keys of `fleet:` and `replay:`.
extension ScenarioSchema {
  static let group = Mapping(
    name: "group",
    keys: [
      Key(
        name: "device", kind: .form(.devicePrefix), about: "The devices are called <device>-0001 and so on.",
        isRequired: true),
      Key(
        name: "count", kind: .wholeNumber(minimum: 1, maximum: UInt64(ScenarioDefaults.mostDevices)),
        about: "How many devices.", isRequired: true),
      Key(
        name: "every", kind: .duration, about: "The time from one message of a device to its next.",
        isRequired: true),
      Key(
        name: "sensors", kind: .map(sensor, names: .identifier),
        about: "What each device measures, by the sensor's name.",
        isRequired: true),
      Key(name: "anomalies", kind: .list(.object(anomaly)), about: "What goes wrong, and is labelled."),
      Key(
        name: "transport", kind: .list(.object(transport)),
        about: "What goes wrong with messages on their way, labelled apart, in transport.csv."),
      Key(
        name: "jitter", kind: .form(.jitter),
        about: "By how much of an interval each publication may be put off, up to 90%. Default none."),
      Key(
        name: "stages", kind: .list(.object(stage)),
        about: "How often the group publishes as time goes on, from nothing at the start. Default: evenly."),
      Key(
        name: "batch", kind: .wholeNumber(minimum: 1),
        about: "Instants that a device gathers and publishes together. Default 1."),
      Key(
        name: "gateways", kind: .wholeNumber(minimum: 1),
        about: "Connections that carry the group. Default: one a device."),
      Key(name: "publish", kind: .object(publish), about: "Payloads, topics and MQTT."),
    ])

  static let stage = Mapping(
    name: "stage",
    keys: [
      Key(
        name: "ramp", kind: .form(.level),
        about: "From the level before evenly to this one; 100% is what “every” says."),
      Key(name: "hold", kind: .duration, about: "The level before, for this time."),
      Key(name: "step", kind: .form(.level), about: "At once to this level, and there."),
      Key(
        name: "burst", kind: .form(.level), about: "At once to this level, and back at the end."),
      Key(name: "for", kind: .duration, about: "How long the stage lasts; with ramp, step and burst."),
    ], exactlyOneOf: [["ramp", "hold", "step", "burst"]])

  /// What `publish.payload` can be beside a mapping.
  static let payloadForms = ["canonical", "senml", "sparkplug"]

  static let publish = Mapping(
    name: "publish",
    keys: [
      Key(
        name: "payload", kind: .any([.text, .object(PayloadSchema.mapping)]),
        about:
          "canonical, the JSON of docs/ingestion.md; senml (RFC 8428); sparkplug, Sparkplug B, which has topics of its own; or as devices of others: a mapping, a preset such as tasmota, or a file relative to this one. Default canonical."
      ),
      Key(
        name: "template", kind: .text,
        about:
          "Or a payload of your own, with fields such as ${device}, ${ts} and ${values.temperature}."),
      Key(
        name: "topic", kind: .text,
        about: "With ${device}, ${group} or ${gateway}. Default devices/${device}/telemetry."),
      Key(name: "qos", kind: .choice(["0", "1", "2"]), about: "The quality of service. Default 1."),
      Key(
        name: "retain", kind: .boolean,
        about: "Whether the broker keeps the newest message of each topic. Default false."),
      Key(
        name: "mqtt", kind: .choice(["3.1.1", "5"]),
        about: "The version of MQTT. Default: as the scenario's mqtt has it."),
      Key(
        name: "birth", kind: .object(status), about: "Published each time a connection has been made."),
      Key(
        name: "will", kind: .object(status), about: "Published by the broker when a connection breaks."),
    ], atMostOneOf: [["template", "payload"]])

  static let status = Mapping(
    name: "status",
    keys: [
      Key(
        name: "topic", kind: .text, about: "With ${device}, ${group} or ${gateway}.", isRequired: true),
      Key(
        name: "payload", kind: .text, about: "With the same fields. Default: nothing."),
      Key(
        name: "retain", kind: .boolean, about: "Whether the broker keeps it. Default true."),
    ])

  static let sensor = Mapping(
    name: "sensor",
    keys: [
      Key(name: "unit", kind: .text, about: "As SenML names it, such as Cel."),
      Key(
        name: "signal", kind: .list(.object(signal), atLeast: 1), about: "Parts that are added up.",
        isRequired: true),
      Key(
        name: "resolution", kind: .positiveNumber,
        about: "Values are rounded to multiples of it. Default 0.001."),
    ])

  static let transport = Mapping(
    name: "transport",
    keys: [
      Key(
        name: "kind", kind: .choice(transportKinds, aliases: underscored(transportKinds)),
        about: "The kind of fault.", isRequired: true),
      Key(
        name: "devices", kind: chosenDevices,
        about: "all, a share of the group (10%), a number of devices, or names. Default all."),
      Key(
        name: "between", kind: .span, about: "Earliest start and latest end, as offsets such as [14h, 22h].",
        isRequired: true),
      Key(name: "for", kind: .duration, about: "How long it lasts. Default: all of that time."),
      Key(
        name: "share", kind: .share,
        about:
          "The share of messages that it hits, such as 20%. Its default is with the kind in docs/transport.md."
      ),
      Key(
        name: "by", kind: .duration,
        about: "reordering: the longest time by which a message is put off. Default 25s."),
    ])

  static let anomaly = Mapping(
    name: "anomaly",
    keys: [
      Key(
        name: "kind", kind: .choice(anomalyKinds, aliases: underscored(anomalyKinds)),
        about: "The kind of anomaly.", isRequired: true),
      Key(
        name: "sensor", kind: .identifier,
        about: "The sensor it hits. clock-skew hits the whole device."),
      Key(
        name: "devices", kind: chosenDevices,
        about: "all, a share of the group (10%), a number of devices, or names. Default all."),
      Key(
        name: "between", kind: .span, about: "Earliest start and latest end, as offsets such as [14h, 22h]."),
      Key(
        name: "at", kind: .durationOrNone, about: "Or: it begins with the first reading from this offset on."),
      Key(name: "for", kind: .duration, about: "How long each lasts. Default: a single reading."),
      Key(
        name: "severity", kind: .number(),
        about:
          "How strong it is; what the number means, and its default, is with the kind in docs/anomalies.md."),
      Key(name: "count", kind: .wholeNumber(minimum: 1), about: "How many on each chosen device. Default 1."),
      Key(
        name: "per_day", kind: .positiveNumber,
        about: "Or: how many on each chosen device in 24 hours, on average."),
      Key(
        name: "allow_overlap", kind: .boolean,
        about: "Whether it may fall onto another anomaly of the sensor. Default false."),
    ], exactlyOneOf: [["between", "at"]], atMostOneOf: [["count", "per_day"]])

  static let replay = Mapping(
    name: "replay",
    keys: [
      Key(
        name: "files", kind: .any([.text, .list(.text, atLeast: 1)]),
        about: "CSV files, relative to this one.",
        isRequired: true),
      Key(name: "delimiter", kind: .form(.delimiter), about: "One ASCII character, or tab. Default a comma."),
      Key(name: "time", kind: .object(replayTime), about: "The time of a row."),
      Key(
        name: "device", kind: .identifier,
        about: "The device of every row. By default it is called like its file."),
      Key(name: "device_column", kind: .text, about: "The column that names the device of a row."),
      Key(
        name: "sensors", kind: .list(.text),
        about: "Columns that are sensors. By default every column without another meaning. Spaces become _."),
      Key(
        name: "sensor_column", kind: .text,
        about: "Where a row is one value: the column that names the sensor."),
      Key(name: "value_column", kind: .text, about: "Where a row is one value: the column that holds it."),
      Key(name: "exclude", kind: .list(.text), about: "Columns to leave aside."),
      Key(
        name: "label_columns", kind: .list(.text),
        about: "Columns that are 1 where a row is anomalous, else 0."),
      Key(
        name: "label_windows", kind: .object(labelWindows),
        about: "Labelled windows in the form of the Numenta Anomaly Benchmark."),
    ], atMostOneOf: [["device_column", "device"], ["sensor_column", "sensors"]],
    needs: [("sensor_column", "value_column"), ("value_column", "sensor_column")])

  static let replayTime = Mapping(
    name: "replay_time",
    keys: [
      Key(name: "column", kind: .text, about: "Default: the first column."),
      Key(
        name: "format", kind: .choice(timeFormats),
        about: "iso8601 (without a zone it is UTC), epoch_seconds or epoch_milliseconds. Default iso8601."),
    ])

  static let labelWindows = Mapping(
    name: "label_windows",
    keys: [
      Key(
        name: "file", kind: .text, about: "A JSON object from recordings to lists of [first, last].",
        isRequired: true),
      Key(
        name: "key", kind: .text,
        about: "The recording's name in it. Default: the one that ends in the file's name."),
    ])
}
