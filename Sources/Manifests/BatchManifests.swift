/// Batch jobs as Kubernetes runs them: a CronJob whose jobs have an index, and a pod an index that scores a run of its own.
package struct BatchManifests: Sendable {
  package let name: ResourceName
  package let namespace: String?
  package let image: String
  /// Behind `sonde`, with paths of the container and ``PodArguments/indexPlaceholder``.
  package let arguments: [String]
  /// Five fields, in UTC.
  package let cron: String
  /// How many pods a job has.
  package let completions: Int
  /// Whether times that nobody saw are left out.
  package let leavesOutMissed: Bool
  package let volumes: [ClaimMount]
  /// How many workers a pod has, each with a processor.
  package let workers: Int

  /// Throws ``ManifestError`` where there are too few or too many pods, or Kubernetes understands `cron` in another way.
  package init(
    name: ResourceName, namespace: String?, image: String, arguments: [String], cron: String,
    completions: Int, leavesOutMissed: Bool, volumes: [ClaimMount], workers: Int
  ) throws(ManifestError) {
    guard (1...ManifestDefaults.mostPods).contains(completions) else {
      throw ManifestError(
        "--completions is \(completions); a job with an index has 1 to \(ManifestDefaults.mostPods) pods")
    }
    try CronAgreement.check(cron)
    self.name = name
    self.namespace = namespace
    self.image = image
    self.arguments = arguments
    self.cron = cron
    self.completions = completions
    self.leavesOutMissed = leavesOutMissed
    self.volumes = volumes
    self.workers = workers
  }

  package var objects: [YAMLValue] { [cronJob] }

  /// The manifests as text, with what is to be done by hand before them.
  package var text: String { ManifestText.of(objects, preface: preface) }

  private var preface: [String] {
    var lines = [
      "Batch jobs, printed by “sonde schedule --kubernetes”. Kubernetes' schemas allow them; nobody has run them. Use them with:",
      "  kubectl apply -f FILE",
    ]
    if volumes.isEmpty {
      lines.append(
        "No volume is mounted, so that the image must have the run, and predictions end with the pod.")
    } else {
      lines.append(
        "Claims that must be there: \(volumes.map(\.claim).joined(separator: ", ")). Who ingests into a run's store must be on the "
          + "node that scores it: SQLite shares memory between them. The access mode ReadWriteOnce sees to that."
      )
    }
    return lines
  }

  private var cronJob: YAMLValue {
    [
      "apiVersion": "batch/v1",
      "kind": "CronJob",
      "metadata": metadata,
      "spec": [
        "schedule": .text(cron),
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": YAMLValue.text("Forbid").commented(
          "A run's folder is for one job at a time; the next one scores what a job that is left out would have."
        ),
        "startingDeadlineSeconds": .number(Self.missedAfterSeconds).only(if: leavesOutMissed),
        "successfulJobsHistoryLimit": .number(ManifestDefaults.keptJobs),
        "failedJobsHistoryLimit": .number(ManifestDefaults.keptJobs),
        "jobTemplate": ["spec": job],
      ],
    ]
  }

  /// Kubernetes looks at its CronJobs every ten seconds, and so never sees less.
  private static let missedAfterSeconds = 60

  private var metadata: YAMLValue { PodTemplate.metadata("\(name)", namespace, name, .batch) }

  private var job: YAMLValue {
    [
      "completionMode": "Indexed",
      "completions": .number(completions),
      "parallelism": .number(completions),
      "backoffLimitPerIndex": .number(ManifestDefaults.retriesPerIndex),
      "podFailurePolicy": [
        "rules": [
          YAMLValue.map([
            YAMLValue.Entry("action", "Ignore"),
            YAMLValue.Entry("onPodConditions", [["type": "DisruptionTarget", "status": "True"]]),
          ]).commented("A node that goes is no fault; the next pod goes on with the job."),
          YAMLValue.map([
            YAMLValue.Entry("action", "FailIndex"),
            YAMLValue.Entry(
              "onExitCodes", ["containerName": "sonde", "operator": "In", "values": [1, 64]]),
          ]).commented(
            "1: the job has failed, and “sonde jobs rerun” goes on with it. 64: the command is wrong. Trying again helps neither."
          ),
        ]
      ],
      "template": pod.value,
    ]
  }

  private var pod: PodTemplate {
    var pod = PodTemplate(
      name: name, component: .batch, image: image,
      arguments: PodArguments.escaped(arguments, index: true), volumes: volumes, readsOnly: false,
      cpu: "\(workers)", memory: memory)
    pod.podKeys = [YAMLValue.Entry("restartPolicy", "Never")]
    return pod
  }

  /// Of the coordinator and of each worker.
  private var memory: (request: String, limit: String) {
    let mebibytes = (workers + 1) * ManifestDefaults.workerMemoryMiB
    return ("\(mebibytes)Mi", "\(2 * mebibytes)Mi")
  }
}
