import Foundation

extension ModelLint {
  /// What shows when the model scores `windows`, raw rows; nil where there are none for it.
  package static func findings(
    about model: OneClassModel, name: String, windows: FeatureMatrix?
  ) -> [LintFinding] {
    guard let windows, windows.rowCount > 0 else {
      return [unscorable(name, "there is no window for this model")]
    }
    var decisions: [Double] = []
    let failed: Int
    do throws(RowError) {
      failed = try model.decide(windows, into: &decisions)
    } catch {
      return [unscorable(name, error.description)]
    }
    var found: [LintFinding] = []
    if failed > 0, let row = decisions.firstIndex(where: \.isNaN) {
      let reason = model.fault(of: windows[row: row])?.reason ?? "it is not finite"
      found.append(
        unscorable(name, "\(failed) of \(windows.rowCount) windows cannot be scored; first: \(reason)"))
    }
    if let finding = flagsWindows(model, name, decisions.filter { !$0.isNaN }) { found.append(finding) }
    return found
  }

  /// Rows on the boundary fall to either side by rounding and are not counted. Of the others, nu and chance explain
  /// some, and the share of training rows on the boundary explains as many again, up to a limit: it bounds the
  /// expected share of new rows outside (Schölkopf et al., 2001, proposition 4).
  private static func flagsWindows(
    _ model: OneClassModel, _ name: String, _ decisions: [Double]
  ) -> LintFinding? {
    guard !decisions.isEmpty else { return nil }
    let count = Double(decisions.count)
    let width = boundaryWidth * abs(model.coefficientSum)
    let outside = decisions.count { $0 <= 0 && $0 < -width }
    let nu = model.metadata.nu ?? assumedNu
    let onBoundary = model.metadata.trainedRows.map { Double(model.coefficients.count) / Double($0) } ?? 1
    let allowed = min(onBoundary, mostOutsideBoundary) * count
    guard
      flagsTooMany(
        share: Double(outside) / count, nu: nu, rows: decisions.count, supportVectors: Int(allowed))
    else { return nil }
    let flagged = decisions.count { $0 <= 0 }
    return LintFinding(
      model: name, rule: .flagsWindows,
      message: "it flags \(percent(Double(flagged) / count)) of \(decisions.count) windows, but "
        + (model.metadata.nu == nil
          ? "nu, which is not known, is taken for \(percent(nu))" : "nu is \(percent(nu))"),
      advice:
        "if these windows are normal, train again: on more of them, with a finer tolerance, or with the threshold "
        + "cross_validated")
  }
}
