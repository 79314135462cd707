/// What a Slurm cluster does with nodes that nobody needs, from `scontrol show config`.
package struct SlurmPowerSaving: Hashable, Sendable {
  /// What switches nodes off; nil where none is configured, and nodes then stay on.
  package let suspendProgram: String?
  /// What switches them on.
  package let resumeProgram: String?
  /// How long a node is idle before it is switched off, as Slurm writes it, such as `300 sec`.
  package let suspendTime: String?
  /// How long a node may take to come up.
  package let resumeTimeout: String?

  /// Reads the lines `Name = value`; `(null)` and `NONE` mean that there is none.
  package init(configuration: String) {
    var values: [String: String] = [:]
    for line in configuration.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].filter { $0 != " " }
      let value = line[line.index(after: equals)...].drop { $0 == " " }
      if !["(null)", "NONE", "INFINITE", ""].contains(String(value)) { values[name] = String(value) }
    }
    suspendProgram = values["SuspendProgram"]
    resumeProgram = values["ResumeProgram"]
    suspendTime = values["SuspendTime"]
    resumeTimeout = values["ResumeTimeout"]
  }

  /// Whether the cluster switches nodes on and off by itself.
  package var isConfigured: Bool { suspendProgram != nil && resumeProgram != nil && suspendTime != nil }

  /// What it means for a target that scales.
  package var sentence: String {
    if isConfigured {
      return
        "nodes come and go by the cluster's own power saving (SuspendTime \(suspendTime ?? "-"), ResumeTimeout "
        + "\(resumeTimeout ?? "-")); min_instances and idle_time_before_scale_down have no effect"
    }
    return
      "the cluster has no power saving (no SuspendProgram, or no SuspendTime); its nodes stay on, and an array "
      + "gives them back to others as soon as it is done"
  }
}
