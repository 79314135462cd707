/// The bounds of a live page, each with its reason.
package enum LiveDefaults {
  /// How often the run's files are looked at. Its timeline has a line a second.
  package static let lookInterval = Duration.seconds(1)
  /// While nobody watches, every so many looks alone goes beyond the timeline.
  package static let looksPerIdleLook = 5

  /// Points of the history: one for two columns of the widest picture. Beyond that neighbours are put together.
  package static let historyPoints = 240
  /// The lines of the timeline that a rate is taken from: five seconds are steady, and still of the moment.
  package static let linesOfRates = 6

  /// Cells of the grid of devices: a screen holds about as many.
  package static let cells = 1_000
  /// Devices that are known at all; of a larger fleet the page says so. They take some 20 MB.
  package static let devices = 100_000
  /// New devices that a look takes, and devices whose newest window it looks up: a few milliseconds each.
  package static let newDevicesPerLook = 10_000
  package static let windowsPerLook = 1_000
  /// Readings that a look takes from the end of the journal.
  package static let readingsPerLook = 1_000
  /// Names of sensors that are known.
  package static let sensors = 1_000
  /// The grid is put in order anew at most once in so many devices a second: sorting a hundred thousand takes a tenth of one.
  package static let devicesPerSecondOfOrder = 5_000

  /// The newest jobs of the page.
  package static let jobs = 12
  /// Nodes, replicas and parts, each.
  package static let nodes = 64
  package static let nodeStatesPerLook = 10_000
  /// Planned faults of the page, and the newest notices.
  package static let faults = 40
  package static let notices = 20
  /// Expectations that failed.
  package static let expectations = 20
  /// Characters of a text of somebody else's.
  package static let textLength = 200
  /// Of the reason of a verdict, which is several sentences.
  package static let reasonLength = 1_000

  /// Of a prediction file and of a growing file, a look reads at most so much.
  package static let predictionBytesPerLook = 8 << 20
  package static let tailBytesPerLook = 1 << 20
  /// Older prediction files than so many have nothing to say of the last score.
  package static let predictionFiles = 2

  /// Who watches at a time. Each has a connection, and 20 KB a second.
  package static let viewers = 32
  /// What one stream is sent on average, in bytes a second.
  package static let bytesPerSecond = 20_000
  /// A browser that lost its stream comes again after so many milliseconds.
  package static let retryMilliseconds = 2_000
  /// Connections: a browser has up to six, and the page's own files are fetched beside the stream.
  package static let connections = 128
  /// What a request may carry. None has a body.
  package static let bodyBytes = 1_024

  /// A run that has written its report writes its manifest, and then it has ended. Where that does not come, this is waited for.
  package static let manifestPatience = Duration.seconds(30)
  /// A page that a run has started stays so long after the run's end, and after the last request; and in all at most so long.
  package static let linger = Duration.seconds(60)
  package static let longestLinger = Duration.seconds(900)
  /// How long the server's end waits for answers that are leaving.
  package static let drain = Duration.seconds(2)
  /// The largest report that is read, and picture that is handed out.
  package static let reportBytes = 256 << 20
}
