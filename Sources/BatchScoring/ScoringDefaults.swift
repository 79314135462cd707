import Compute
import Modelling

/// The defaults and bounds of batch scoring, each with its reason.
package enum ScoringDefaults {
  /// How far ahead a cron expression is followed before it counts as never firing. 29 February comes again after eight
  /// years at most; with a day of the week, after 40.
  package static let cronHorizonYears: Int64 = 48
  /// The shortest time between two jobs of an `every` schedule: a job takes tens of milliseconds.
  package static let minimumInterval = Duration.seconds(1)
  /// How often the store is asked for its watermark: a job starts at most this late, at the price of one indexed read.
  package static let pollInterval = Duration.milliseconds(20)
  /// How many tasks an automatic plan makes a slot: enough that one slow task does not leave the others idle, few
  /// enough that the overhead of a task does not show.
  package static let tasksPerSlot = 16
  /// The least work, in rows × support vectors, that is worth a task of its own in an automatic plan: about 2 ms of
  /// kernels, the overhead of a task on a warm worker.
  package static let minimumTaskWeight = 500_000
  /// How much of a task's time its overhead may be in an automatic plan, once it has been measured.
  package static let overheadShare = 0.1
  /// From which share on the overhead of tasks is worth a warning: more of it than of work.
  package static let overheadWarningShare = 0.5
  /// How much overhead a job has at least before it warns: what nobody would notice is not worth a word.
  package static let overheadWarningSeconds = 1.0
  /// How many missed jobs are caught up with, as in Kubernetes; the windows of older ones go to the first of these.
  package static let maxCatchUpRuns = 100
  /// How many jobs of a schedule run at a time, where that is allowed: each has its own workers.
  package static let maxConcurrentJobs = 4
  /// How often metrics and the terminal's view of a job are written anew.
  package static let metricsInterval = Duration.seconds(1)
  /// The most tasks of a job, as many as a Slurm job array takes (MaxArraySize 100001).
  package static let maxTasks = 100_000
  /// What reading and writing a row costs, in kernel evaluations of about 2 ns: a row of SQLite and a line of CSV take
  /// about 2 µs, whatever the model.
  package static let rowOverheadInVectors = 1000
  /// How many rows may fail before a job is given up; -1 for any number, as in Azure ML: one broken model must not keep
  /// the rest of the fleet from being scored.
  package static let errorThreshold = -1
  /// How many devices a worker reads at a time: enough that asking costs nothing, few enough that their windows stay in the
  /// processor's cache.
  package static let devicesPerRead = 32
  /// How many instants a task keeps as text: a month of 5-minute windows is 8,640.
  package static let cachedTimeTexts = 10_000
  /// How many models a warm worker keeps: one of 100 support vectors and 12 features takes about 10 KB.
  package static let cachedModels = 10_000
  /// How much longer a task of a scoring script may take than its start and run(), which its worker sees to: it reads and writes windows.
  package static let scriptAllowance = Duration.seconds(60)
  /// The name of a prediction file: the contract's, and Azure ML's.
  package static let outputFileName = "predictions.csv"
  /// How many reasons of failed rows `sonde jobs show` tells: they fill no screen.
  package static let shownReasons = 5
  /// How often a running job looks whether it is to be canceled: at once for a person, and no load.
  package static let cancelPollInterval = Duration.milliseconds(250)
  /// How often a running job looks for parts to put together: one look is one file that is not there yet.
  package static let collectInterval = Duration.milliseconds(20)
  /// How long `sonde jobs cancel` waits for the coordinator to end a job.
  package static let cancelWait = Duration.seconds(30)
  /// How long a scheduler waits for the store to be made before it gives up.
  package static let storeWait = Duration.seconds(60)
}
