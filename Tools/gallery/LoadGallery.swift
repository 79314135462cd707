import DeviceFleet
import Telemetry

/// How the devices of a group publish, in the gallery.
struct LoadExhibit {
  let name: String
  let about: String
  let yaml: String
  /// The picture.
  let svg: @Sendable () throws -> String

  static let all = [
    LoadExhibit(
      name: "stages", about: "A ramp, a plateau, a step down and a burst.",
      yaml:
        "stages: [{ ramp: 100%, for: 15m }, { hold: 15m }, { step: 50%, for: 12m }, { burst: 300%, for: 6m }]",
      svg: {
        try rate(
          LoadProfile([
            .ramp(to: 1, over: .seconds(900)), .hold(for: .seconds(900)), .step(to: 0.5, for: .seconds(720)),
            .burst(to: 3, for: .seconds(360)),
          ])
        ).svg
      }),
    LoadExhibit(
      name: "jitter",
      about:
        "Each publication is put off by up to half an interval. Three devices, which begin at times of their own.",
      yaml: "jitter: 50%", svg: { try jitter().svg }),
    LoadExhibit(
      name: "batch", about: "Four instants are gathered, and leave together with the last.",
      yaml: "batch: 4", svg: { try batch().svg }),
  ]

  private static let minutes = 30

  private static func plan(
    count: Int, every: Duration, minutes: Int, rhythm: PublishingRhythm? = nil,
    style: PublishingStyle = .standard
  ) throws -> FleetPlan {
    let sensor = SensorPlan(id: Exhibition.sensor, signal: [ConstantSignal(value: 1)])
    return try FleetPlan(
      seed: Exhibition.seed, start: Exhibition.start, duration: .seconds(Int64(minutes) * 60),
      groups: [
        DeviceGroup(
          name: "device", count: count, every: every, sensors: [sensor], rhythm: rhythm, style: style)
      ])
  }

  private static func minute(_ time: Timestamp) -> Double { (time - Exhibition.start).seconds / 60 }

  /// Publications of many devices, minute by minute.
  private static func rate(_ profile: LoadProfile) throws -> LineChart {
    let plan = try plan(
      count: 200, every: .seconds(60), minutes: 60, rhythm: PublishingRhythm(profile: profile))
    var counts = Array(repeating: 0, count: 60)
    for message in plan.messagesInEventOrder() { counts[Int(minute(message.timestamp))] += 1 }
    let points = counts.enumerated().flatMap { minute, count in
      [(x: Double(minute) / 60, y: Double(count)), (x: Double(minute + 1) / 60, y: Double(count))]
    }
    var chart = LineChart(hours: 1)
    chart.startsAtZero = true
    chart.panels = [
      .init(
        title: "publications a minute, of 200 devices that publish every minute at 100%",
        lines: [.init(points: points, style: .normal)])
    ]
    return chart
  }

  private static func jitter() throws -> MessageChart {
    let even = try plan(count: 3, every: .seconds(60), minutes: minutes)
    let jittered = try plan(
      count: 3, every: .seconds(60), minutes: minutes, rhythm: PublishingRhythm(jitter: 0.5))
    var chart = MessageChart(
      minutes: Double(minutes),
      rows: even.devices.indices.map { device in
        MessageChart.Row(
          title: even.deviceIDs[device].name,
          messages: zip(even.devices[device].messages(), jittered.devices[device].messages()).map {
            (minute($0.timestamp), minute($1.timestamp))
          })
      })
    chart.above = "evenly"
    chart.below = "jittered"
    return chart
  }

  private static func batch() throws -> MessageChart {
    var style = PublishingStyle.standard
    style.payload = .senML(units: [:])
    style.batch = 4
    let plan = try plan(count: 1, every: .seconds(60), minutes: minutes, style: style)
    let messages = plan.deliveries(ofDeviceAt: 0).flatMap { delivery in
      delivery.messages.map { (measured: minute($0.timestamp), leaves: minute(delivery.due)) }
    }
    return MessageChart(minutes: Double(minutes), rows: [MessageChart.Row(title: "", messages: messages)])
  }
}
