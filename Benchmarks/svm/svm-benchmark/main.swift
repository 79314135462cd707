import Foundation

// Times Sonde's one-class SVMs on the models and rows that peers.py left in a folder, prints them beside the peers
// that were timed in the same run, and writes all of it as JSON.
guard CommandLine.arguments.count == 3 else {
  FileHandle.standardError.write(Data("usage: svm-benchmark FOLDER RESULT.json\n".utf8))
  exit(64)
}
let folder = CommandLine.arguments[1]
let peers = try PeerFigures.read("\(folder)/peers.json")
let machine = BenchmarkReport.Machine.current
let training = try await TrainingBenchmark.run(folder: folder, peer: peers.training)
let scoring = try ScoringBenchmark.run(folder: folder, peers: peers.scoring)
let report = BenchmarkReport(
  machine: machine, versions: peers.versions, training: training, scoring: scoring,
  checks: BenchmarkReport.checks(machine: machine, scoring: scoring, training: training))
print(report.text)
let encoder = JSONEncoder()
encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
try encoder.encode(report).write(to: URL(filePath: CommandLine.arguments[2]))
