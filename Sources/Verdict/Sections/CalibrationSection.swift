/// `calibration`: how well the model of a cluster fits.
package struct CalibrationSection: ReportSection {
  let sweep: SweepAccount

  package static let fields: [ReportField<Self>] = [
    .count("tasks", "Tasks that the model was fitted on or held to.") { $0.sweep.tasks },
    .count("rounds", "Rounds in which every size was measured once.") { $0.sweep.rounds },
    .measured("overhead_ms", "What a task takes besides its rows.") { $0.sweep.overheadSeconds * 1e3 },
    .measured("us_per_row", "What a row takes.") { $0.sweep.secondsPerRow * 1e6 },
    .measured("us_per_million_kernels", "What a million kernel evaluations take.") {
      $0.sweep.secondsPerKernel * 1e12
    },
    .measured("serial_seconds", "The coordinator's part of a job, besides what each task adds.") {
      $0.sweep.serialSeconds
    },
    .measured("noise", "How much reference jobs differed, to either side, as a share.") { $0.sweep.noise },
    .measured("other_processors", "How many processors other programs were at meanwhile.") {
      $0.sweep.otherProcessors
    },
    .measured("half_width", "How well the errors are known, to either side: the widest interval of 95%.") {
      $0.sweep.halfWidth
    },
    .measured("worst_error", "The largest error of a prediction, of time or node-seconds, as a share.") {
      $0.sweep.worstError
    },
    .list("held_out", "Sizes that were predicted before they were looked at.") { section in
      section.sweep.heldOut.map(HeldOutSection.init)
    },
  ]
}

/// An entry of `calibration.held_out`.
package struct HeldOutSection: ReportSection {
  let heldOut: SweepAccount.HeldOut

  package static let fields: [ReportField<Self>] = [
    .count("nodes", "Nodes.") { $0.heldOut.nodes }.key,
    .count("cores_per_node", "Cores a node.") { $0.heldOut.coresPerNode }.key,
    .text("mini_batch_size", "Devices a task.") { $0.heldOut.miniBatchSize }.key,
    .measured("measured_seconds", "The median of its jobs.") { $0.heldOut.measuredSeconds },
    .measured("simulated_seconds", "What the model said.") { $0.heldOut.simulatedSeconds },
    .measured("measured_node_seconds", "How long its nodes were there.") { $0.heldOut.measuredNodeSeconds },
    .measured("simulated_node_seconds", "What the model said.") { $0.heldOut.simulatedNodeSeconds },
    .measured("error", "(simulated - measured) / measured, of the time.") { $0.heldOut.error },
    .measured("half_width", "How well that is known, to either side.") { $0.heldOut.halfWidth },
  ]
}
