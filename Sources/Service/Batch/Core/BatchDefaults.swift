/// The defaults and bounds of the REST face of batch endpoints, each with its reason.
package enum BatchDefaults {
  /// The endpoint of runs that no endpoint file has: the models of each run.
  package static let endpoint = "default"
  /// The longest body of a request: what can be said of a job takes a few hundred bytes.
  package static let bodyBytes = 256 << 10
  /// How many requests may wait for the one thread that looks into files.
  static let queuedRequests = 256
  /// How long a request may wait for it, and when its answer is of no use any more.
  static let mostWait = Duration.seconds(10)
  static let requestTimeout = Duration.seconds(60)
  /// How long an answer may take to leave: a prediction file of 1 GB needs 30 Mbit/s for it.
  package static let answerTimeout = Duration.seconds(300)
  /// How many jobs run at a time: as many as a schedule runs.
  package static let jobsAtATime = 4
  /// How many jobs may wait to be run; more are refused with 503.
  static let waitingJobs = 1_000
  /// How many jobs are kept. Of more, the oldest that have ended are forgotten, with their idempotency keys; their predictions in the
  /// folders of runs stay.
  static let keptJobs = 10_000
  /// How many jobs a page of a list has, as in Azure.
  static let jobsAPage = 100
  /// The most inputs of a request, and the most tags and properties of a job.
  static let mostInputs = 16
  static let mostTags = 64
  /// The longest text of a tag, a property or a description, and the longest path: that of Linux.
  static let textBytes = 4_096
  static let pathBytes = 4_095
  /// The longest idempotency key; Azure's are UUIDs of 36 characters.
  static let keyBytes = 128
  /// The deepest folder below one that the server was started with.
  static let pathDepth = 64
  /// The most CSV files of one input, and what they may be in all: they are held in memory one by one, and their rows together.
  static let csvFiles = 1_000
  static let csvBytes = 1 << 30
  /// The most tries of a task that a request may ask for, and the longest time for one.
  static let mostRetries = 100
  static let longestTimeout = Duration.seconds(86_400)
  /// How often the process of a job may die before the job counts as failed: a machine that restarts does so once.
  static let mostStarts = 5
  /// How often the server looks how far jobs are, and a job's process whether it is to be ended: at once for a person, and no load.
  static let lookInterval = Duration.milliseconds(250)
  /// How often the process of a job looks whether the folder of the run is free, and how long it does: a schedule may hold it for good.
  static let folderPollInterval = Duration.milliseconds(500)
  static let folderWait = Duration.seconds(24 * 3600)
  /// How much of the end of all logs together an answer is made of, how much of each at least, and how many of its last lines: as many as
  /// Azure's clients ask for.
  static let logBytes = 16 << 20
  static let leastLogBytes = 64 << 10
  static let logLines = 5_000
}
