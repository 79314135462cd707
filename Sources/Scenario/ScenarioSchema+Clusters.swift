import ClusterModel
import Compute
import Documents

/// The keys of a sweep of cluster sizes.
extension ScenarioSchema {
  static let clusters = Mapping(
    name: "clusters",
    keys: [
      Key(
        name: "measure", kind: .object(measuredSizes),
        about: "Sizes that are measured on this machine, in rounds, and that the model is held to."),
      Key(
        name: "paced", kind: .object(sizes("paced")),
        about: "Sizes of which the processes, boards and files are real, and tasks wait the modelled time."),
      Key(name: "simulate", kind: .object(sizes("simulate")), about: "Sizes that are simulated."),
      Key(
        name: "task", kind: .any([.choice(["measured"]), .object(taskCost)]),
        about: "What a task costs: measured, the default, or a cost of one's own."),
      Key(
        name: "schedule", kind: .object(jobSeries),
        about: "How often the job comes, for the dollars of a month."),
      Key(name: "region", kind: .text, about: "Where sizes are priced, such as eastus."),
      Key(
        name: "prices", kind: .text,
        about:
          "A price table of one's own, as a path beside the scenario. Default: the one that comes with Sonde."
      ),
      Key(
        name: "billing", kind: .choice(BillingProfile.all.map(\.name)),
        about: "What is billed. Default: the rules of the provider."),
      Key(
        name: "start_up", kind: .any([.choice(StartUpProfile.all.map(\.name)), .durationOrNone]),
        about: "How long nodes take to come up: a named profile, or a time. Default none: they are up."),
      Key(
        name: "never_up", kind: .form(.jitter),
        about: "How many nodes never come up, such as 1%. They are given up after 15m."),
      Key(
        name: "preemption", kind: .choice(PreemptionProfile.all.map(\.name)),
        about: "When nodes of low priority are taken away. Default azure."),
      Key(name: "stragglers", kind: .object(stragglers), about: "Tasks that take longer for no reason."),
      Key(
        name: "dispatch", kind: .choice(SimulatedCluster.Dispatch.allCases.map(\.rawValue)),
        about: "Whether simulated workers pull tasks, the default, or are dealt them, as by Slurm."),
      Key(
        name: "idle_time_before_scale_down", kind: .durationOrNone,
        about: "How long a simulated node without work stays. Default 120s."),
      Key(name: "deadline", kind: .duration, about: "How long a job may take, for the answers."),
    ])

  private static func axes(_ name: String, isList: Bool) -> [Key] {
    func kind(_ one: Kind) -> Kind { isList ? .any([one, .list(one, atLeast: 1)]) : one }
    let count = Kind.wholeNumber(minimum: 1, maximum: UInt64(SweepSettings.mostNodes))
    return [
      Key(name: "nodes", kind: kind(count), about: "How many nodes."),
      Key(
        name: "cores_per_node", kind: kind(count),
        about: "Tasks a node does at a time. Default 1, or the cores of the vm_size."),
      Key(
        name: "min_instances", kind: kind(.wholeNumber(minimum: 0, maximum: UInt64(SweepSettings.mostNodes))),
        about: "Nodes that stay between jobs. Default 0."),
      Key(
        name: "mini_batch_size", kind: kind(.any([.choice(["auto"]), .wholeNumber(minimum: 1)])),
        about: "Devices a task, or auto. Default that of “scoring”."),
      Key(name: "vm_size", kind: kind(.text), about: "The size of a node, such as Standard_D2s_v5."),
      Key(
        name: "tier", kind: kind(.choice(ClusterTier.allCases.map(\.rawValue))),
        about: "On what terms nodes are rented. Default dedicated."),
      Key(name: "region", kind: kind(.text), about: "Where the size is priced."),
    ]
  }

  static let matrix = Mapping(name: "matrix", keys: axes("matrix", isList: true))
  static let combination = Mapping(name: "combination", keys: axes("combination", isList: false))

  private static let combinations: [Key] = [
    Key(name: "matrix", kind: .object(matrix), about: "Every value of every key with every other."),
    Key(name: "exclude", kind: .list(.object(combination)), about: "Combinations that are left out."),
    Key(
      name: "include", kind: .list(.object(combination)),
      about: "Combinations that are added, or what is added to those that they fit."),
  ]

  static func sizes(_ name: String) -> Mapping {
    Mapping(name: name, keys: combinations + axes(name, isList: true))
  }

  static let measuredSizes = Mapping(
    name: "measure",
    keys: combinations + axes("measure", isList: true) + [
      Key(
        name: "repeats", kind: .wholeNumber(minimum: 1, maximum: UInt64(SweepSettings.mostRounds)),
        about: "Rounds, each with every size once. Default 5; more are run where the figures are uncertain."),
      Key(
        name: "hold_out", kind: .list(.object(combination)),
        about:
          "Sizes that are predicted before they are looked at; a prediction that is off by more than 5% fails the run."
      ),
      Key(
        name: "target", kind: .choice(ComputeSettings.Kind.allCases.map(\.rawValue)),
        about: "Where they are measured: local, the default, or slurm."),
    ])

  static let taskCost = Mapping(
    name: "task",
    keys: [
      Key(
        name: "overhead", kind: .form(.shortDuration), about: "What a task takes besides its rows.",
        isRequired: true),
      Key(name: "per_row", kind: .form(.shortDuration), about: "What a row takes. Default 0us."),
      Key(
        name: "first_task", kind: .form(.shortDuration),
        about: "What the first task of a worker takes on top. Default 0us."),
    ])

  static let jobSeries = Mapping(
    name: "schedule",
    keys: [
      Key(
        name: "every", kind: .duration, about: "From the beginning of a job to that of the next.",
        isRequired: true),
      Key(name: "for", kind: .duration, about: "How long the schedule is looked at. Default 30d."),
    ])

  static let stragglers = Mapping(
    name: "stragglers",
    keys: [
      Key(name: "share", kind: .share, about: "Of all tasks.", isRequired: true),
      Key(
        name: "factor", kind: .number(Schema.Bounds(atLeast: 1, wanted: "a number of at least 1")),
        about: "How many times as long they take.", isRequired: true),
    ])
}

extension Schema.Form {
  /// A duration that may be as short as a microsecond.
  static let shortDuration = Self(
    pattern: "^(\(decimal)us|(?=.)(\(decimal)h)?(\(decimal)m)?(\(decimal)s)?(\(decimal)ms)?)$",
    wanted: "a duration such as 2.3s, 15ms or 40us")
}
