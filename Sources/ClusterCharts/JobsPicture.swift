import ClusterModel

/// The jobs of a run and what its nodes were at: what the picture of them shows. Times are seconds from the first job on.
package struct JobsPicture: Hashable, Sendable {
  package struct Job: Hashable, Sendable {
    package var name: String
    /// In the words of Azure ML, such as `completed`.
    package var state: String
    package var queued: Double
    /// Nil: it has not begun, or has not ended.
    package var started: Double?
    package var ended: Double?

    package init(name: String, state: String, queued: Double, started: Double?, ended: Double?) {
      self.name = name
      self.state = state
      self.queued = queued
      self.started = started
      self.ended = ended
    }
  }

  /// An attempt at a task.
  package struct Attempt: Hashable, Sendable {
    package enum Outcome: String, CaseIterable, Hashable, Sendable {
      case completed, failed, canceled
      /// The run's end came first.
      case unfinished
    }

    package var job: String
    package var task: Int
    /// From 1.
    package var attempt: Int
    /// Nil where the target does not know it.
    package var node: Int?
    package var worker: Int?
    package var begin: Double
    package var end: Double
    package var outcome: Outcome
    /// Why it failed; nil where it did not.
    package var reason: String?

    package init(
      job: String, task: Int, attempt: Int, node: Int?, worker: Int?, begin: Double, end: Double,
      outcome: Outcome, reason: String? = nil
    ) {
      self.job = job
      self.task = task
      self.attempt = attempt
      self.node = node
      self.worker = worker
      self.begin = begin
      self.end = end
      self.outcome = outcome
      self.reason = reason
    }
  }

  /// The finding.
  package var title: String
  /// In the order in which they were queued.
  package var jobs: [Job]
  package var attempts: [Attempt]
  /// What nodes were at, in the same time.
  package var nodes: [NodeLife]
  /// What to say below the picture, such as what is left out.
  package var notes: [String]

  package init(
    title: String, jobs: [Job], attempts: [Attempt], nodes: [NodeLife] = [], notes: [String] = []
  ) {
    self.title = title
    self.jobs = jobs
    self.attempts = attempts
    self.nodes = nodes
    self.notes = notes
  }
}
