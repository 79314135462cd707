import BatchScoring

extension RunMeasurements {
  /// What a run finds wrong of itself, whatever is expected of it, in words: where nothing is expected, this alone decides. Empty
  /// where all is well.
  package var ownFindings: [String] {
    var findings: [String] = []
    func add(_ count: Int, _ one: String, _ several: String) {
      if count > 0 { findings.append(count == 1 ? "1 \(one)" : "\(count) \(several)") }
    }
    guard let judged else { return ["the files of the run were not judged"] }
    // What a broker forgets that is killed without its memory is what was asked for.
    if !account.brokerWasKilled {
      add(judged.ledger.lostReadings, "reading is lost", "readings are lost")
    }
    add(judged.ledger.doubledReadings, "reading is doubled", "readings are doubled")
    add(
      ReadingsSection(run: self).unaccounted ?? 0, "reading is unaccounted for",
      "readings are unaccounted for")
    add(judged.windows.mismatchedWindows, "window is mismatched", "windows are mismatched")
    add(judged.jobs.count { $0.state == .failed && $0.replacedBy == nil }, "job failed", "jobs failed")
    add(account.faults.count { $0.what == nil }, "fault was not seen", "faults were not seen")
    return findings
  }
}
