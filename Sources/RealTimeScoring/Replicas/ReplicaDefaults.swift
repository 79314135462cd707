/// The defaults and bounds of replicas, each with its reason.
package enum ReplicaDefaults {
  // MARK: How many replicas

  /// With no replica there would be nobody who answers while the first one starts.
  package static let fewestReplicas = 1
  /// The most replicas of a set: each is a process with all its models, and takes a slot of haproxy, which checks it every two seconds.
  package static let mostReplicas = 64
  /// The utilization that the autoscaler aims at: what Azure's front end does.
  package static let targetUtilization = 0.7
  /// How many requests a replica works on at the same time: `max_concurrent_requests_per_instance` of Azure's online endpoints.
  package static let requestsAtATime = 1
  /// How often the number of replicas is thought over: what Azure's front end does.
  static let refreshInterval = Duration.seconds(1)
  /// How long a smaller number must have been enough before a replica goes: some 20 refreshes, as Azure's front end waits.
  static let scaleDownTime = Duration.seconds(20)
  /// The share of the replicas that may go within that time: a quarter, rounded up. The rest shows whether it carries the load.
  static let scaleDownShare = 4

  // MARK: haproxy

  /// The program, and the Debian package that brings it.
  package static let program = "haproxy"
  package static let debianPackage = "haproxy"
  /// Names another haproxy than the one on `PATH`.
  static let programVariable = "SONDE_HAPROXY"
  /// How many requests haproxy hands to a replica beyond those that it works on: enough that it need not wait for the next one, and so few
  /// that the others wait where they are counted and any replica can take them.
  static let handedAhead = 3
  /// How long a request waits for a replica before it is answered 503: Azure waits 500 ms, and a replica that was killed takes about a
  /// second until its successor is ready.
  package static let queueTimeout = Duration.seconds(2)
  /// How many requests wait at most: at ten thousand a second those behind would wait longer than a tenth of a second.
  package static let queueLength = 1_000
  /// How long a replica may take to answer: `request_timeout_ms` of Azure's online endpoints has at most 180 s, and 5 s as its default. The
  /// replica has its own, shorter limit, and answers in the shape that clients know.
  package static let requestTimeout = Duration.seconds(30)
  /// How long a request may take to arrive, body and all: a slow client costs a connection, never a replica.
  package static let arrivalTimeout = Duration.seconds(10)
  /// How long a connection without a request is kept.
  static let keepAliveTimeout = Duration.seconds(60)
  /// How long connecting to a replica's socket may take; it is a file of this machine.
  static let connectTimeout = Duration.seconds(1)
  /// The most bytes of a request, headers and all, that can be sent to another replica: a thousand rows of twelve numbers of seventeen
  /// digits. haproxy keeps them in one buffer (`tune.bufsize`).
  package static let retriedBytes = 256 << 10
  /// How often a request is tried again. One that kills each replica that reads it (a fault of ours) kills six of them, and no more.
  package static let retries = 5
  /// How long a request waits before it is tried again where no replica is up.
  static let waitingRoomTime = Duration.seconds(1)
  /// The most connections of clients. Where all of them send bodies at once, haproxy holds half a gigabyte.
  package static let connections = 2_000
  /// Descriptors that haproxy needs beside its connections: logs, sockets, event queues.
  static let reservedDescriptors = 128
  /// How often haproxy asks a replica whether it is ready, and after how many answers it believes it.
  static let checkInterval = Duration.seconds(2)
  static let checkFall = 3
  static let checkRise = 2
  /// How often it asks while a replica is on its way up or down.
  static let fastCheckInterval = Duration.milliseconds(500)
  /// How long haproxy's control socket may take to answer: it answers in a millisecond where it lives.
  static let controlTimeout = Duration.seconds(5)
  /// The longest answer of it that is read: the figures of the most replicas have some 30 kB.
  static let controlAnswerBytes = 1 << 20
  /// How long haproxy may take from its start until its control socket answers.
  static let frontStartTimeout = Duration.seconds(30)
  /// The longest path of a socket file: `sockaddr_un` holds 107 bytes, and haproxy makes it under a longer name first.
  static let socketPathBytes = 90

  // MARK: Lives of replicas

  /// How often haproxy is asked for its figures.
  static let tickInterval = Duration.milliseconds(100)
  /// How often a replica that starts is asked whether it is ready.
  static let probeInterval = Duration.milliseconds(20)
  /// How long one such question may take.
  static let probeTimeout = Duration.seconds(5)
  /// How long a replica may take until it is ready: it reads all its models first.
  package static let startTimeout = Duration.seconds(120)
  /// How often in a row a replica may fail before any replica was ready: one may be bad luck, three are a broken command.
  static let startFailures = 3
  /// How long a replica waits before it is started again: not at all after its first death, then this, and twice as long each time.
  static let firstBackOff = Duration.milliseconds(200)
  /// The longest of these waits: somebody who has mended the fault wants to see it.
  static let longestBackOff = Duration.seconds(10)
  /// How long a replica must have been ready until its earlier deaths are forgotten.
  static let steadyTime = Duration.seconds(30)
  /// How long a replica that drains may take to answer what it has begun.
  static let drainTimeout = ReplicaDefaults.requestTimeout
  /// How long haproxy must have found a replica down, whose process lives, until it is killed and started again: checks of a busy machine
  /// fail for seconds, and a replica that hangs hangs for ever.
  static let downTime = Duration.seconds(60)
  /// How long a replica may go on after SIGTERM before it is killed: longer than its own limit for what it has begun.
  static let exitGrace = Duration.seconds(15)
  /// The share of ``stopDeadline`` that replicas get at most to end: requests need the rest of it, and after them nothing is left to do.
  static let exitShare = 5
  /// How often in a row haproxy is started again before the set gives up.
  static let frontFailures = 5
  /// How often a free port is looked for: between finding it and haproxy's taking it, another process may take it.
  static let portAttempts = 5
  /// How often a set looks whether it is to stop.
  static let stopInterval = Duration.milliseconds(20)
  /// How long stopping the whole set may take.
  package static let stopDeadline = Duration.seconds(30)
}
