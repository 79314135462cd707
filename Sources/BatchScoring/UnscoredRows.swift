/// The rows of jobs that could not be scored, and that no later job has scored. Pure.
package enum UnscoredRows {
  /// How many there are in `jobs`: of a job whose failed rows were scored again, those that failed again.
  package static func count(in jobs: [JobRecord]) -> Int {
    var again: [String: JobRecord] = [:]
    for job in jobs where job.state == .completed {
      if let earlier = job.cut.failedRowsOf { again[earlier] = job }
    }
    return jobs.filter { $0.cut.failedRowsOf == nil && $0.replacedBy == nil }.reduce(0) { total, job in
      var last = job
      while let next = again[last.cut.id] { last = next }
      return total + last.failedRows
    }
  }
}
