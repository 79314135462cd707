import ArgumentParser
import Telemetry

/// A duration on the command line, written as in scenarios: `90s`, `5m`, `250ms`.
struct Span: ExpressibleByArgument {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  init?(argument: String) {
    guard let duration = Duration(text: argument) else { return nil }
    self.duration = duration
  }

  var defaultValueDescription: String { duration.text }
}
