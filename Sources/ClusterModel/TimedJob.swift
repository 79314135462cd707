/// When things happened in a job, by the clock that all processes of this machine share.
package struct TimedJob: Hashable, Sendable, Codable {
  package struct Task: Hashable, Sendable, Codable {
    /// Its place in the plan.
    package var number: Int
    package var worker: Int
    /// When it was given out.
    package var begin: Duration
    /// When its end was heard of.
    package var end: Duration
    /// When its worker began with it, and ended; nil where the worker does not say, or lives on another machine.
    package var work: Span?

    package init(number: Int, worker: Int, begin: Duration, end: Duration, work: Span?) {
      self.number = number
      self.worker = worker
      self.begin = begin
      self.end = end
      self.work = work
    }
  }

  package struct Span: Hashable, Sendable, Codable {
    package var begin: Duration
    package var end: Duration

    package init(begin: Duration, end: Duration) {
      self.begin = begin
      self.end = end
    }
  }

  package var begin: Duration
  package var end: Duration
  package var tasks: [Task]

  package init(begin: Duration, end: Duration, tasks: [Task]) {
    self.begin = begin
    self.end = end
    self.tasks = tasks
  }

  /// The job as the model wants to know it: how long things took, of the time that was the job's own.
  ///
  /// - Parameters:
  ///   - works: What the tasks were, by their numbers.
  ///   - clock: Of the job's turns.
  package func measured(as cell: ClusterCell, _ works: [TaskWork], by clock: TurnClock = .undivided)
    -> MeasuredJob
  {
    var workers: Set<Int> = []
    let firsts = Set(
      tasks.sorted { $0.begin < $1.begin }.filter { workers.insert($0.worker).inserted }.map(\.number))
    let firstBegin = tasks.map(\.begin).min() ?? begin
    let lastEnd = tasks.map(\.end).max() ?? begin
    return MeasuredJob(
      cell: cell, makespanSeconds: clock.seconds(from: begin, to: end),
      beforeSeconds: clock.seconds(from: begin, to: firstBegin),
      afterSeconds: clock.seconds(from: lastEnd, to: end),
      tasks: tasks.sorted { $0.number < $1.number }.map { task in
        let seconds = clock.seconds(from: task.begin, to: task.end)
        return MeasuredJob.Task(
          work: works.indices.contains(task.number) ? works[task.number] : TaskWork(rows: 0),
          busySeconds: task.work.map { clock.seconds(from: $0.begin, to: $0.end) } ?? seconds,
          seconds: seconds, isFirstOfWorker: firsts.contains(task.number))
      })
  }
}
