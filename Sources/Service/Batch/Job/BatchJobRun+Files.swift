import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Wording

// A job on CSV files of aggregated rows: each is copied first, so that what is scored is what was there, and then scored as by
// `sonde score --input`.
extension BatchJobRun {
  func score(_ input: PlainInput, _ job: BatchJob, _ account: JobAccount) async throws {
    try checkGoesOn()
    try account.change {
      $0.startedAt = $0.startedAt ?? now()
      $0.state = .provisioning
      ($0.tasks, $0.tasksDone, $0.predictions, $0.failedRows) = (input.files.count, 0, 0, 0)
    }
    let copies = try copy(input)
    let columns = try input.format.columns.map { try WindowTable.Columns($0) } ?? WindowTable.Columns()
    let scoring = PlainFolderScoring(copies, output: paths.outputs) { path, output in
      PlainFileScoring(
        input: path, columns: columns, models: input.models, output: output,
        delimiter: input.format.delimiter.first ?? ",",
        timeUnit: input.format.timeUnit.flatMap(EpochUnit.init))
    }
    try account.change { $0.state = .running }
    let result = try scoring.run { file, result in
      log(
        "\(file.name): \(result.predictions) rows scored, \(result.anomalies) anomalies, \(result.failed) failed"
      )
      if let notice = result.notice { log("\(file.name): \(notice)") }
      try account.change {
        $0.tasksDone += 1
        $0.predictions += result.predictions
        $0.failedRows += result.failed
      }
      try checkGoesOn()
    }
    try? FileManager.default.removeItem(atPath: paths.inputs)
    guard !result.isFailed else {
      return try end(
        account, .failed,
        "none of its \(result.failed) rows could be scored; the first: \(result.firstReason ?? "")")
    }
    try end(
      account, .completed,
      result.failed == 0
        ? nil
        : "\(result.failed) of \(result.failed + result.predictions) rows failed; the first: "
          + (result.firstReason ?? ""))
  }

  private func copy(_ input: PlainInput) throws -> [PlainFolderScoring.Input] {
    guard let folder = HeldFolder.unlinked(input.folder) else {
      throw ScoringError("the folder of the files is not there any more, or a link leads to it")
    }
    try? FileManager.default.removeItem(atPath: paths.inputs)
    try Folder.make(paths.inputs)
    var room = BatchDefaults.csvBytes
    return try input.files.enumerated().map { number, name in
      guard let (file, count) = folder.file(name) else {
        throw ScoringError("\(name.quoted) is not there any more, or is no file")
      }
      room -= count
      guard room >= 0 else {
        throw ScoringError(
          "the files have more than \(BatchDefaults.csvBytes) bytes in all; give fewer to a job")
      }
      let path = "\(paths.inputs)/\(number).csv"
      let writer = try AtomicFileWriter(path: path, survivesPowerCut: false)
      var left = count
      while left > 0, let piece = try file.read(upToCount: min(left, 1 << 20)), !piece.isEmpty {
        try piece.withUnsafeBytes { try writer.write($0) }
        left -= piece.count
      }
      try writer.finish(existing: .refuse)
      return PlainFolderScoring.Input(name: name, path: path)
    }
  }
}
