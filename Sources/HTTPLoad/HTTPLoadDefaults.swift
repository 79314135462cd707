/// The defaults and bounds of a load on a scoring service, each with its reason.
package enum HTTPLoadDefaults {
  // MARK: The plan

  /// Requests a second where nothing is said: what every server carries, so that a first try shows the service and not its limit.
  package static let rate = 100.0
  /// Ten thousand requests at a hundred a second take 100 s; half a minute is enough for p99 and not too long to wait for.
  package static let duration = Duration.seconds(30)
  /// One thread sends some fifty thousand a second. More can be planned, so that a run shows where the generator ends.
  package static let mostRate = 1_000_000.0
  /// A day, as the timeline has a line a second.
  package static let longest = Duration.seconds(86_400)
  /// As many histograms are kept, of a quarter of a megabyte each.
  package static let mostStages = 64
  /// More requests are planned ahead of nothing: a plan of this length takes a day at fifty thousand a second.
  package static let mostRequests = 5_000_000_000.0

  // MARK: Connections

  /// Enough for thousands of requests a second that take some milliseconds each, and few enough for every server.
  package static let connections = 64
  /// A port of this machine each, of which Linux gives some 28,000 to one address.
  package static let mostConnections = 10_000
  /// Attempts under way at once: half of what listening sockets queue on many systems.
  static let mostOpening = 64
  /// How long a connection that could not be opened, or that was closed unused, is left alone: a server that is down is not asked a
  /// million times a second, and one that comes back is found soon.
  static let reopenPause: Int64 = 100_000_000
  /// Requests that wait for a connection. They wait until their time is up, and this bounds the memory where rate and time-out are both
  /// large: a hundred megabytes.
  static let mostWaiting = 2_000_000
  /// How long a connection lies idle until a server may have closed it, although it never carried a request.
  static let idle: Int64 = 1_000_000_000

  // MARK: Requests and answers

  /// Azure's online endpoints have the same by default (`request_timeout_ms`).
  package static let timeout = Duration.seconds(5)
  /// Above this a request that waits is no longer a scoring request.
  package static let longestTimeout = Duration.seconds(600)
  /// More rows make bodies of tens of megabytes.
  package static let mostRows = 100_000
  /// More features than any model here is trained on.
  package static let mostFeatures = 10_000
  /// Rows kept ready to be sent, over and over: enough that no cache of a service holds the answers to all.
  static let rows = 100_000
  /// Numbers kept ready, which are some 25 bytes each as text and as a double.
  static let numbers = 4_000_000
  /// Rows that are made up where there is no run.
  static let madeUpRows = 4096
  /// The largest file that is sent as it is.
  package static let mostBodyBytes = 1 << 26
  /// The head of an answer; servers send some hundred bytes, and most clients refuse more than this.
  static let mostHeadBytes = 1 << 15
  /// The body of an answer. A hundred thousand rows are some 4 MB.
  static let mostAnswerBytes = 1 << 26
  /// Brackets within brackets in an answer; those of the protocols have six.
  static let mostDepth = 128

  // MARK: The loop

  /// How exactly time-outs are kept, and how soon a signal is seen.
  static let sweep: Int64 = 10_000_000
  /// From the opening of the connections to the first request that is planned, so that what is due at once is not late.
  static let lead: Int64 = 20_000_000
  /// How long is waited at most for the connections to open, before the load begins on those that have.
  static let opening: Int64 = 2_000_000_000
  /// How many due requests are taken up before answers are looked at again: some tenths of a millisecond of work.
  static let burst = 32
  /// Events looked at in one go.
  static let events = 256
  /// Bytes read in one go: a whole answer of a thousand rows.
  static let readBytes = 1 << 16
  /// How long a load that was stopped waits for the answers that are due.
  static let stopGrace: Int64 = 1_000_000_000

  // MARK: What is told

  /// Below this a p99.9 is the slowest ten requests or fewer, which another run would not show again.
  package static let samplesForP999 = 10_000
  /// How late the 99th percentile of requests may be by the generator's own doing. A processor that others use too is given back
  /// after a time slice of some milliseconds; where it takes longer, the generator had not enough of one, and what the service was
  /// offered was not the plan.
  package static let lagLimitMs = 10.0
  /// The least share of the offered rate at which requests are taken up: what is less is another load than the planned one.
  package static let leastTaken = 0.99
  /// By how much the last request may be late before the rate is held against it: in a load of a second, one late wake would be a
  /// percent.
  static let edgeSeconds = 0.05
  /// The share of requests that wait for a connection from which on that is said.
  package static let waitingShare = 0.01
  /// The share of a processor from which on the generator is called busy: it has one thread.
  static let busyShare = 0.95
}
