/// What a sweep varies.
package enum SweepAxis: String, CaseIterable, Hashable, Sendable {
  case nodes
  case coresPerNode = "cores_per_node"
  case minInstances = "min_instances"
  case miniBatchSize = "mini_batch_size"
  case vmSize = "vm_size"
  case tier
  case region
}

/// Combinations of settings, as people know them from the job matrices of continuous integration: every value of every axis with
/// every other, less what `exclude` names, and what `include` adds. Pure.
package struct SweepMatrix: Hashable, Sendable {
  /// Some settings; what is not named stays as it is.
  package typealias Combination = [SweepAxis: String]

  package var axes: [SweepAxis: [String]]
  /// A combination that has all of one of these is left out.
  package var exclude: [Combination]
  /// Each is added to every combination whose own values it leaves alone; where there is none, it is one more.
  package var include: [Combination]

  package init(axes: [SweepAxis: [String]], exclude: [Combination] = [], include: [Combination] = []) {
    self.axes = axes
    self.exclude = exclude
    self.include = include
  }

  /// The most cells of a sweep: more is a slip of the finger, and would take hours and fill tables that nobody reads.
  package static let mostCells = 2000

  /// How many combinations the axes have, before `exclude` and `include`; counts above `Int.max` as that.
  package var size: Int {
    axes.values.reduce(1) { product, values in
      let (result, overflow) = product.multipliedReportingOverflow(by: values.count)
      return overflow ? .max : result
    }
  }

  /// All combinations in the order of the axes and of their values. Ask ``size`` first.
  package var combinations: [Combination] {
    var result: [Combination] = axes.isEmpty ? [] : [[:]]
    for axis in SweepAxis.allCases {
      guard let values = axes[axis] else { continue }
      result = result.flatMap { combination in values.map { combination.merging([axis: $0]) { $1 } } }
    }
    result.removeAll { combination in
      exclude.contains { !$0.isEmpty && $0.allSatisfy { combination[$0.key] == $0.value } }
    }
    // What was included on its own is not extended by what follows.
    let own = result
    for addition in include {
      let matching = own.indices.filter { index in
        addition.allSatisfy { axes[$0.key] == nil || own[index][$0.key] == $0.value }
      }
      for index in matching { result[index].merge(addition) { $1 } }
      if matching.isEmpty { result.append(addition) }
    }
    return result
  }
}
