import BatchScoring

/// The jobs of a server: which there are, which request asked for which, and whose turn it is. A value that is told what has come to pass.
package struct JobRegistry: Sendable {
  /// What an idempotency key is one of: the same text from another client, or for another endpoint, is another key.
  private struct Key: Hashable {
    var endpoint: String
    var client: String?
    var key: String
  }

  /// What becomes of a request with an idempotency key.
  package enum Repetition: Hashable, Sendable {
    /// Nobody has used the key.
    case isNew
    /// The request has come before, and made the job of this name.
    case isSame(String)
    /// The key was used for another request.
    case isOther
  }

  private var entries: [String: JobEntry] = [:]
  /// In the order in which they were asked for.
  private var order: [String] = []
  private var keys: [Key: String] = [:]
  private let jobsAtATime: Int

  package init(jobsAtATime: Int = BatchDefaults.jobsAtATime) { self.jobsAtATime = jobsAtATime }

  package var count: Int { order.count }

  /// How many jobs are in each state, in Azure's words.
  package var counts: [String: Int] {
    entries.values.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  // MARK: - Which there are

  /// The job called `name`, where it is one of `endpoint`.
  package func entry(_ name: String, of endpoint: String) -> JobEntry? {
    entries[name].flatMap { $0.job.endpoint == endpoint ? $0 : nil }
  }

  package func entry(_ name: String) -> JobEntry? { entries[name] }

  /// A page of the jobs of `endpoint`, the newest first, and the name of its last one where others follow.
  ///
  /// - Parameters:
  ///   - deployment: Those of this deployment alone; nil for all.
  ///   - after: The last job of the page before; nil for the first page. Nothing follows a job that is not known.
  package func page(
    of endpoint: String, deployment: String?, after: String?, limit: Int = BatchDefaults.jobsAPage
  ) -> (jobs: [JobEntry], last: String?) {
    var rest = order.reversed()[...]
    if let after {
      guard let index = rest.firstIndex(of: after) else { return ([], nil) }
      rest = rest[rest.index(after: index)...]
    }
    var found: [JobEntry] = []
    for name in rest {
      guard let entry = entries[name], entry.job.endpoint == endpoint,
        deployment == nil || entry.job.deployment.name == deployment
      else { continue }
      if found.count == limit { return (found, found.last?.job.name) }
      found.append(entry)
    }
    return (found, nil)
  }

  // MARK: - Requests

  /// What becomes of a request of `client` with the idempotency key `key`, whose digest is `digest`.
  package func repetition(of key: String, endpoint: String, client: String?, digest: String) -> Repetition {
    guard let name = keys[Key(endpoint: endpoint, client: client, key: key)] else { return .isNew }
    return entries[name]?.job.digest == digest ? .isSame(name) : .isOther
  }

  /// Whether another job may be started.
  package var hasRoom: Bool {
    entries.values.count { !$0.progress.state.isFinal } < BatchDefaults.waitingJobs
  }

  package mutating func add(_ entry: JobEntry) {
    let job = entry.job
    entries[job.name] = entry
    order.append(job.name)
    if let key = job.key { keys[Key(endpoint: job.endpoint, client: job.client, key: key)] = job.name }
  }

  /// The jobs that are too many, the oldest first; only such as have ended.
  package func superfluous(keeping count: Int = BatchDefaults.keptJobs) -> [String] {
    guard order.count > count else { return [] }
    return Array(
      order.lazy.filter { entries[$0].map { $0.progress.state.isFinal && !$0.isAlive } ?? false }
        .prefix(order.count - count))
  }

  package mutating func remove(_ name: String) {
    guard let job = entries.removeValue(forKey: name)?.job else { return }
    order.removeAll { $0 == name }
    if let key = job.key { keys[Key(endpoint: job.endpoint, client: job.client, key: key)] = nil }
  }

  // MARK: - What comes to pass

  package mutating func update(_ name: String, _ change: (inout JobEntry) -> Void) {
    guard entries[name] != nil else { return }
    change(&entries[name]!)
  }

  /// The jobs that are not at their end.
  package var unfinished: [String] {
    order.filter { entries[$0].map { !$0.progress.state.isFinal || $0.isAlive } ?? false }
  }

  /// Those of them that a process may have changed: with the others nobody has begun.
  package var begun: [String] {
    unfinished.filter { name in
      entries[name].map { $0.isAlive || $0.progress.state != .queued || $0.progress.starts > 0 } ?? false
    }
  }

  /// The jobs that a process is to begin with now, in their order: one at a time in each folder, and so many in all.
  package var due: [String] {
    var free = jobsAtATime - entries.values.count(where: \.isAlive)
    var busy = Set(entries.values.filter(\.isAlive).map(\.job.input.folder))
    var due: [String] = []
    for name in order where free > 0 {
      guard let entry = entries[name], !entry.isAlive, !entry.progress.state.isFinal, !isSpent(entry),
        busy.insert(entry.job.input.folder).inserted
      else { continue }
      due.append(name)
      free -= 1
    }
    return due
  }

  /// The jobs whose processes have died so often that no other one is begun.
  package var spent: [String] {
    order.filter { name in
      entries[name].map { !$0.isAlive && !$0.progress.state.isFinal && isSpent($0) } ?? false
    }
  }

  private func isSpent(_ entry: JobEntry) -> Bool { entry.progress.starts >= BatchDefaults.mostStarts }
}
