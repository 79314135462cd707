/// How much of the time of a job's tasks was not work: starting them, telling workers, waiting for a processor.
package struct TaskOverhead: Hashable, Sendable {
  /// Tasks that have said how long they were at work.
  package private(set) var tasks = 0
  /// From giving a task out to hearing that it is done.
  package private(set) var taskSeconds = 0.0
  /// What the workers were at it.
  package private(set) var busySeconds = 0.0

  package init() {}

  package mutating func add(taskSeconds: Double, busySeconds: Double) {
    tasks += 1
    self.taskSeconds += taskSeconds
    self.busySeconds += min(busySeconds, taskSeconds)
  }

  /// What a person should know, where the overhead dominates; nil otherwise.
  package var warning: String? {
    let overhead = taskSeconds - busySeconds
    guard tasks > 0, overhead >= ScoringDefaults.overheadWarningSeconds,
      overhead > taskSeconds * ScoringDefaults.overheadWarningShare
    else { return nil }
    let share = Int((overhead / taskSeconds * 100).rounded())
    let each = (overhead / Double(tasks) * 10_000).rounded() / 10
    return
      "overhead dominates: \(share)% of the time of \(tasks) tasks was not scoring, \(each) ms a task; use a larger "
      + "mini_batch_size, or auto, or fewer nodes"
  }
}
