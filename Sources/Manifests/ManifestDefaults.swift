/// What manifests say where nobody asks for anything else, and their bounds, each with its reason.
package enum ManifestDefaults {
  /// The user and group of the container: what images without a root mostly call “nonroot”. A number, since Kubernetes cannot look
  /// up names to see that they are not root's.
  package static let userID = 65_532

  /// The longest name. Of a CronJob “pumps” Kubernetes makes the job “pumps-29563200” and the host name “pumps-29563200-17”, and a
  /// host name has 63 characters at most.
  package static let longestName = 45

  /// The most pods of a job with an index, and of a service: as many as Kubernetes lets a job with an index have at a time.
  package static let mostPods = 100_000

  /// How long a pod goes on before it is told to end: for so long its address is still known to some of those who send it requests.
  static let farewellSeconds = 5

  /// How much longer than its drain a service may take before it is killed: its end takes milliseconds, on a busy machine more.
  static let graceSeconds = 5

  /// The utilization of processors at which pods are held, in percent: as replicas on one machine are.
  static let utilization = 70

  /// The most workers of a pod: more processors than machines have.
  package static let mostWorkers = 1_024

  /// For how long fewer pods must have been enough before they go: Kubernetes' own default, said because people look for it.
  static let stabilizationSeconds = 300

  /// How often, and how many times, a pod that starts is asked whether it lives: five minutes for large models, and for a script that
  /// makes its environment first.
  static let startUpLookSeconds = 2
  static let startUpLooks = 150

  /// How often an index is tried again that has ended for a reason that may pass: as tasks are.
  static let retriesPerIndex = 3

  /// How many old jobs stay to be looked at, of those that went well and of those that failed.
  static let keptJobs = 3

  /// Processors a pod asks for beside its threads for long requests: the server's own thread is one.
  static let serverThreads = 1

  /// What a service asks for: the bodies of requests take 256 MiB together at most, models and scripts the rest.
  static let serviceMemory = (request: "512Mi", limit: "1Gi")

  /// What a worker of a batch job asks for: windows of 32 devices at a time, and ten thousand models of 10 KB.
  static let workerMemoryMiB = 256

  /// What may lie in /tmp: the Python environment of a script, with an inference library.
  static let temporarySize = "2Gi"
}
