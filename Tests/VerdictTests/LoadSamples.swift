import DeviceFleet
import Verdict

/// A stage that is carried with ease; each test changes what it is about.
enum LoadSamples {
  static func stage(
    _ number: Int = 1, offered: Double = 1000, _ change: (inout LoadFigures) -> Void = { _ in }
  )
    -> LoadFigures
  {
    var figures = LoadFigures(stage: number, name: "step")
    figures.level = offered / 100
    figures.seconds = 5
    figures.messages = Int(offered * 5)
    figures.offered = offered
    figures.achieved = offered
    (figures.p50, figures.p99, figures.p999) = (20, 60, 90)
    figures.lag = .init(p50: 0.1, p99: 2, max: 9)
    figures.waiting = 0.01
    (figures.backlogAtBegin, figures.backlogAtEnd) = (0, 30)
    (figures.fleetCores, figures.brokerCores, figures.ingestionCores) = (0.2, 0.1, 0.3)
    figures.machineCores = 0.7
    figures.committing = 0.2
    (figures.processors, figures.processes) = (2, 1)
    figures.latencyMs = 250
    change(&figures)
    return figures
  }

  /// One that is not carried, with time left everywhere.
  static func strained(
    _ number: Int = 1, offered: Double = 1000, _ change: (inout LoadFigures) -> Void = { _ in }
  )
    -> LoadFigures
  {
    stage(number, offered: offered) { figures in
      figures.achieved = 0.8 * offered
      (figures.p99, figures.p999) = (1200, 1400)
      figures.backlogAtEnd = Int(offered)
      change(&figures)
    }
  }
}
