import Compute
import Telemetry
import Wording

/// What a provider bills of the life of a node, as a rule with a name and a source.
///
/// The states are those of ``NodeState``, which are coarser than those of providers:
///
/// - `provisioning` is the time from asking to taking tasks. Of it the provider allocates a machine first, which is not billed
///   (Azure's *Creating*, EC2's *pending*, Google's *PROVISIONING*), and the machine starts then, which is (Azure's *Starting*, and
///   the boot of a machine that is *running* already). Nothing tells where the one ends and the other begins, so all of it counts
///   as billed: the cost is the highest it may be.
/// - `idle` and `running` are billed by all: the machine is there.
/// - `leaving` is Azure's *Stopping*, which is billed, and its *Deallocating*, which is not; all of it counts as billed. EC2's
///   *shutting-down* is not billed.
/// - `preempted` is not billed: the provider has taken the machine back.
/// - `unusable` is billed: whatever keeps a node from its tasks, the provider sees a machine that runs.
package struct BillingProfile: Hashable, Sendable {
  package let name: String
  /// What is billed.
  package let states: Set<NodeState>
  /// The billed time of a life is rounded up to a multiple of this.
  package let granularity: Duration
  /// The least that is billed of a life with a state of ``states``, however short.
  package let minimum: Duration
  /// Where the rule is from.
  package let source: String

  private static let whileThere: Set<NodeState> = [.provisioning, .idle, .running, .unusable]
  private static let azureStates =
    "Microsoft, States and billing status of Azure Virtual Machines (learn.microsoft.com/azure/virtual-machines/states-billing): "
    + "Starting, Running and Stopping are billed, Creating and Deallocating are not."

  package static let azure = BillingProfile(
    name: "azure", states: whileThere.union([.leaving]), granularity: .seconds(1), minimum: .seconds(300),
    source: azureStates
      + " Minimum: an answer on Microsoft Q&A of 2025-04-21 (learn.microsoft.com/answers/questions/2259765) says that from 2025-06-01 "
      + "every start is billed for 300 seconds at least, and by the second beyond.")

  package static let azure60 = BillingProfile(
    name: "azure-60s", states: whileThere.union([.leaving]), granularity: .seconds(1), minimum: .seconds(60),
    source: azureStates + " Minimum: one minute, as another page of Microsoft has it.")

  package static let aws = BillingProfile(
    name: "aws", states: whileThere, granularity: .seconds(1), minimum: .seconds(60),
    source:
      "Amazon EC2 User Guide, Instance lifecycle (github.com/awsdocs/amazon-ec2-user-guide, ec2-instance-lifecycle.md): running is "
      + "billed, pending and shutting-down are not. Linux instances are billed by the second, for 60 seconds at least."
  )

  package static let gcp = BillingProfile(
    name: "gcp", states: whileThere.union([.leaving]), granularity: .seconds(1), minimum: .seconds(60),
    source:
      "Google Compute Engine bills by the second, for 60 seconds at least; the states are those of "
      + "docs.cloud.google.com/compute/docs/instances/instance-lifecycle. That leaving is billed is an assumption of this project, "
      + "which makes the cost the highest it may be.")

  package static let all = [azure, azure60, aws, gcp]

  /// The profile called `name`. Throws ``BillingProfileError``, which names those there are.
  package static func named(_ name: String) throws(BillingProfileError) -> BillingProfile {
    guard let profile = all.first(where: { $0.name == name }) else { throw BillingProfileError(name: name) }
    return profile
  }

  /// The profile of a provider of a ``PriceTable``; nil where its rules are not known.
  package static func of(provider: String) -> BillingProfile? { all.first { $0.name == provider } }

  /// How much of a life is billed, in milliseconds. Its times count in whole milliseconds, as files have them, so that the cost
  /// can be computed again from the files.
  package func billedMilliseconds(of life: NodeLife) -> Int64 {
    var spent: Int64 = 0
    var isBilled = false
    life.forEachStretch { state, from, to in
      guard states.contains(state) else { return }
      isBilled = true
      spent += max(0, to.milliseconds - from.milliseconds)
    }
    guard isBilled else { return 0 }
    let step = granularity.milliseconds
    return max(minimum.milliseconds, (spent + step - 1) / step * step)
  }
}

/// A billing profile that nobody knows.
package struct BillingProfileError: ExitingError, Hashable {
  package let name: String

  package var exitStatus: ExitStatus { .usage }

  package var description: String {
    let names = BillingProfile.all.map(\.name)
    let meant = NearestName.of(name, among: names).map { "did you mean \($0.quoted)? " } ?? ""
    return "there is no billing profile \(name.quoted); \(meant)the profiles are \(names.listed)"
  }
}
