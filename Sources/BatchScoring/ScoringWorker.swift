import Compute
import WindowStore

/// The worker process of a scoring job: takes tasks from standard input until it ends.
public enum ScoringWorker {
  /// Answers requests whose input is the path of a ``JobDescription`` and whose task is one of its tasks. Reads the
  /// store, writes each task's part file into the folder of the job description, and counts rows.
  public static func run() {
    var current: (path: String, job: JobDescription, reader: WindowStoreReader)?
    WorkerLoop.run { request in
      if current?.path != request.input {
        let job = try JobDescription(path: request.input)
        let reader =
          if let open = current?.reader, open.path == job.store { open } else {
            try WindowStoreReader(path: job.store)
          }
        current = (request.input, job, reader)
      }
      guard let current, current.job.tasks.indices.contains(request.task) else {
        throw TaskFailure("\(request.input) has no task \(request.task)", retry: false)
      }
      let part = try TaskScorer(job: current.job, reader: current.reader)
        .score(current.job.tasks[request.task])
      let folder = request.input.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      try part.write(to: "\(folder.joined(separator: "/"))/task-\(request.task).part")
      return TaskCounts(items: part.predictions + part.failed, failedItems: part.failed)
    }
  }
}
