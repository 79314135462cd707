import Foundation

/// What becomes of one job array: the pure part of ``SlurmTarget``. It is told the states of the elements, the lines that they have
/// written, and the time; it says what there is to report, which nodes are occupied, and which elements are to be canceled.
package struct ArrayWatch: Sendable {
  package enum Action: Hashable, Sendable {
    case report(ComputeEvent)
    /// A node runs elements now, or none any more.
    case changed(NodeTransition)
    /// The element is at a task for too long, and is not waited for.
    case cancel(element: Int)
  }

  /// Numbers for Slurm's names of nodes, from 1 in the order in which they were seen.
  package struct NodeNumbers: Hashable, Sendable {
    private var numbers: [String: Int] = [:]

    package init() {}

    package mutating func number(of name: String) -> Int {
      let number = numbers[name] ?? numbers.count + 1
      numbers[name] = number
      return number
    }
  }

  private let array: String
  /// The workers of the elements, by index.
  private let workers: [Int]
  private let timeout: Duration
  /// Where an element logs, by its index.
  private let log: @Sendable (Int) -> String
  private let began: Duration
  /// The job's tasks; of use for the next array once this one ``isOver``.
  package private(set) var board: ArrayBoard
  package private(set) var nodes: NodeNumbers
  /// Slurm's names of the nodes that workers were last seen on.
  package private(set) var hosts: [Int: String] = [:]
  /// The elements that may still do something.
  package private(set) var live: Set<Int>
  /// The last reason for which an element ended early.
  package private(set) var lastReason = "none"
  /// Whether Slurm has taken the request to cancel the array.
  package private(set) var isCanceled = false
  /// The elements on each node.
  private var occupied: [Int: Set<Int>] = [:]
  private var endingSince: Duration?
  private var saidToWait = false
  private var nextLook: Duration
  private var lastAnswer: Duration

  /// - Parameters:
  ///   - array: Slurm's number of the array, for messages.
  ///   - elements: Those that were submitted, in the order of their indices.
  ///   - timeout: How long an element may be at one task, for messages; `board` knows it as well.
  ///   - log: Where an element logs, for messages.
  package init(
    array: String, elements: [ArrayBoard.Element], board: ArrayBoard, nodes: NodeNumbers, timeout: Duration,
    at now: Duration, log: @escaping @Sendable (Int) -> String
  ) {
    self.array = array
    workers = elements.map(\.worker)
    self.board = board
    self.nodes = nodes
    self.timeout = timeout
    self.log = log
    live = Set(elements.indices)
    began = now
    nextLook = now
    lastAnswer = now
  }

  /// Whether nothing is left to wait for.
  package var isOver: Bool { live.isEmpty }

  // MARK: - Asking Slurm

  /// Whether Slurm is to be asked for the states of the elements: now and then, and at once where an element has replied that was
  /// not yet seen to run, because only Slurm knows its node.
  package func isLookDue(at now: Duration, hasReplied: (_ element: Int) -> Bool) -> Bool {
    now >= nextLook || live.contains { !board.hasStarted(workers[$0]) && hasReplied($0) }
  }

  /// Slurm was asked for the states, and has not answered. A controller that is busy, or just being started again, answers later, and
  /// the elements do not need it. Returns whether it has been silent for too long.
  package mutating func noteSilence(at now: Duration) -> Bool {
    nextLook = now + ComputeDefaults.slurmStateInterval
    return now - lastAnswer >= ComputeDefaults.slurmPatience
  }

  // MARK: - Looking at the elements

  /// - Parameters:
  ///   - states: What Slurm says; nil where it was not asked, or has not answered. Asked for before the lines are read, so that
  ///     what an element wrote before its end is seen.
  ///   - lines: What elements have written since the last look.
  package mutating func look(_ states: [Int: ElementState]?, lines: [Int: [String]], at now: Duration)
    -> [Action]
  {
    var actions: [Action] = []
    if let states {
      lastAnswer = now
      nextLook = now + ComputeDefaults.slurmStateInterval
      noteWaiting(states, at: now, &actions)
    }
    for element in live.sorted() {
      if let node = states?[element]?.node { occupy(element, node, at: now, &actions) }
      for line in lines[element] ?? [] { read(line, of: element, at: now, &actions) }
      if let states {
        follow(element, states[element], at: now, &actions)
      }
      if live.contains(element), board.isOverdue(workers[element], at: now) {
        giveUp(element, at: now, &actions)
      }
    }
    return actions
  }

  /// Says once what an array waits for that does not begin.
  private mutating func noteWaiting(
    _ states: [Int: ElementState], at now: Duration, _ actions: inout [Action]
  ) {
    guard !saidToWait, now - began > ComputeDefaults.slurmSilence,
      live.allSatisfy({ states[$0]?.isWaiting ?? false }),
      let reason = live.min().flatMap({ states[$0]?.reason })
    else { return }
    saidToWait = true
    actions.append(.report(.notice("the array \(array) waits: \(reason)")))
  }

  private mutating func occupy(
    _ element: Int, _ name: String, at now: Duration, _ actions: inout [Action]
  ) {
    let node = nodes.number(of: name)
    hosts[workers[element]] = name
    if occupied[node, default: []].isEmpty {
      actions.append(.changed(NodeTransition(node: node, state: .running, at: now)))
    }
    occupied[node, default: []].insert(element)
    report(board.started(workers[element], node: node, at: now), &actions)
  }

  private mutating func read(
    _ line: String, of element: Int, at now: Duration, _ actions: inout [Action]
  ) {
    guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line.utf8)) else { return }
    report(board.handle(reply, from: workers[element], at: now), &actions)
  }

  /// - Parameter state: Nil where Slurm does not know the element any more.
  private mutating func follow(
    _ element: Int, _ state: ElementState?, at now: Duration, _ actions: inout [Action]
  ) {
    // Taken off its node to begin anew, for which it may have to wait.
    if let state, state.isWaiting, board.hasStarted(workers[element]) {
      leave(element, at: now, &actions)
      board.requeued(workers[element])
      actions.append(.report(.notice("element \(array)_\(element) begins anew: \(state.reason)")))
    }
    guard state?.isLive != true else { return }
    live.remove(element)
    leave(element, at: now, &actions)
    // Told to end: nothing of it counts.
    guard endingSince == nil else { return board.dropped(workers[element]) }
    let reason = state?.reason ?? "Slurm knows it no more"
    let events = board.ended(workers[element], reason: "\(reason) (log: \(log(element)))", at: now)
    if !events.isEmpty { lastReason = reason }
    report(events, &actions)
  }

  /// Ends an element whose task takes too long. It is not waited for: its node may be one that does not answer any more.
  private mutating func giveUp(_ element: Int, at now: Duration, _ actions: inout [Action]) {
    actions.append(.cancel(element: element))
    let reason = "no answer within \(timeout.formattedSeconds); canceled"
    report(board.ended(workers[element], reason: reason, at: now), &actions)
    live.remove(element)
    leave(element, at: now, &actions)
  }

  /// The element is on no node any more.
  private mutating func leave(_ element: Int, at now: Duration, _ actions: inout [Action]) {
    for node in occupied.keys.sorted()
    where occupied[node]?.remove(element) != nil && occupied[node]?.isEmpty == true {
      actions.append(.changed(NodeTransition(node: node, state: nil, at: now)))
    }
  }

  private func report(_ events: [ComputeEvent], _ actions: inout [Action]) {
    actions += events.map(Action.report)
  }

  // MARK: - Ending

  /// The array is to end at once; what its elements have not finished counts as not run. To be told again and again until it
  /// ``isOver``.
  ///
  /// - Parameter cancelTaken: Whether Slurm has taken the request to cancel the array by now.
  package mutating func end(cancelTaken: Bool, at now: Duration) -> [Action] {
    isCanceled = isCanceled || cancelTaken
    let since = endingSince ?? now
    endingSince = since
    // An element whose node does not answer ends when Slurm gives the node up, which takes minutes.
    guard now - since > ComputeDefaults.stopGrace else { return [] }
    var actions: [Action] = []
    for element in live.sorted() {
      leave(element, at: now, &actions)
      board.dropped(workers[element])
    }
    live = []
    if !isCanceled {
      actions.append(.report(.notice("Slurm does not cancel the array \(array), which may still run")))
    }
    return actions
  }
}
