import ArgumentParser
import Foundation
import Harness
import MQTT
import OneClassSVM
import Rainbow
import Scenario
import Supervision
import Wording

/// `sonde doctor`: looks whether this machine, and a broker, are fit for runs.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine and a broker: programs, limits, and settings that lose data.",
    discussion: """
      Without a broker only the machine is looked at, and the configuration of an installed mosquitto. With one, its version of \
      MQTT is found out, the proof is carried out that it sends again what was not acknowledged, and \(SessionTrial.messages) small \
      messages to a topic below sonde/doctor/ show what it keeps for a subscriber that is away, and how much it sends at a time.

      Exit code 69 where something is missing without which nothing runs; warnings do not count.
      """)

  /// What a check came to.
  struct Check: Codable {
    enum Outcome: String, Codable {
      case ok, warning, failed
    }

    var name: String
    var outcome: Outcome
    var finding: String
    /// What to do; nil where nothing is to be done.
    var remedy: String?
  }

  @Option(help: ArgumentHelp("A broker to put to the proof.", valueName: "mqtt[s]://host:port"))
  var broker: BrokerAddress?
  @OptionGroup var access: BrokerAccessOptions
  @OptionGroup var versions: ProtocolOptions
  @Option(help: "The configuration of a mosquitto.", completion: .file(extensions: ["conf"]))
  var mosquittoConf: String?
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    var checks = [libraries(), brokerProgram(), scheduler(), balancer(), descriptors(), disk(), processor()]
    checks += try settings()
    if let broker {
      do {
        // An interrupted trial must not leave its session: MQTT 3.1.1 brokers would keep that, and queue for it, for ever.
        let stop = StopSignal()
        checks += try self.checks(of: access.apply(to: broker), versions.mqtt, until: stop.flag)
      } catch MQTTError.stopped {
        throw ExitCode(ExitStatus.interrupted)
      }
    }
    switch format {
    case .json: try StandardOutput.writeJSON(checks, indented: true)
    case .text: for check in checks { write(check) }
    }
    if checks.contains(where: { $0.outcome == .failed }) { throw ExitCode(ExitStatus.unavailable) }
  }

  private func write(_ check: Check) {
    let mark =
      switch check.outcome {
      case .ok: "ok  ".green
      case .warning: "warn".yellow
      case .failed: "FAIL".red
      }
    StandardOutput.write("\(mark)  \(check.name): \(check.finding)")
    if let remedy = check.remedy { StandardOutput.write("      → \(remedy)") }
  }

  // MARK: - Checks

  private func libraries() -> Check {
    let versions = Versions.all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return Check(name: "versions", outcome: .ok, finding: versions.joined(separator: ", "))
  }

  /// Slurm is needed by none but those who ask for it.
  private func scheduler() -> Check {
    let found = ExecutablePath.find("sbatch")
    return Check(
      name: "slurm", outcome: .ok,
      finding: found ?? "not installed, and needed for --compute slurm alone (apt-get install slurm-wlm)")
  }

  /// haproxy is needed by none but those who serve with several replicas.
  private func balancer() -> Check {
    let found = ExecutablePath.find("haproxy")
    return Check(
      name: "haproxy", outcome: .ok,
      finding: found
        ?? "not installed, and needed for several replicas of a service alone (apt-get install haproxy)")
  }

  private func brokerProgram() -> Check {
    if let path = ExecutablePath.find(EmbeddedBroker.program) {
      return Check(name: "broker program", outcome: .ok, finding: path)
    }
    return Check(
      name: "broker program", outcome: .failed, finding: "there is no \(EmbeddedBroker.program)",
      remedy: "apt-get install \(EmbeddedBroker.package)")
  }

  /// The broker takes a descriptor a connection, so its limit is that of all connections together.
  private func descriptors() -> Check {
    DescriptorLimit.raise()
    let limit = DescriptorLimit.current
    let finding =
      "\(RunSummary.grouped(limit)) a process: \(RunSummary.grouped(DescriptorLimit.mostConnections)) connections "
      + "each, more by several processes; a broker started here holds up to \(RunSummary.grouped(limit))"
    guard limit < Self.comfortableDescriptors else {
      return Check(name: "file descriptors", outcome: .ok, finding: finding)
    }
    return Check(
      name: "file descriptors",
      outcome: DescriptorLimit.mostConnections < Self.usefulConnections ? .warning : .ok, finding: finding,
      remedy:
        "for larger fleets, as root: ulimit -n \(Self.comfortableDescriptors) in the shell, nofile in "
        + "/etc/security/limits.conf, or LimitNOFILE= of a systemd unit; or let gateways carry the devices")
  }

  /// A process that holds fewer makes even small fleets take several.
  private static let usefulConnections = 1000
  /// For a hundred thousand connections, broker included.
  private static let comfortableDescriptors = 100_000

  /// Below this a day of a small fleet may fill the disk.
  private static let comfortableDiskBytes = 2 << 30

  private func disk() -> Check {
    var status = statvfs()
    guard statvfs(".", &status) == 0 else {
      return Check(
        name: "disk", outcome: .warning,
        finding: "its free space cannot be read: \(String(cString: strerror(errno)))")
    }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    let finding = "\(free >> 20) MiB free in this folder"
    guard free < Self.comfortableDiskBytes else { return Check(name: "disk", outcome: .ok, finding: finding) }
    return Check(
      name: "disk", outcome: .warning, finding: finding,
      remedy: "a million readings take about 45 MB; use --out on a larger disk, or --retain")
  }

  private func processor() -> Check {
    Check(
      name: "processor", outcome: .ok,
      finding: "\(ProcessInfo.processInfo.activeProcessorCount) cores, decision function by \(CPUPath.best)")
  }

  /// Where Debian's mosquitto has its configuration.
  private static let installedConfiguration = "/etc/mosquitto/mosquitto.conf"

  private func settings() throws -> [Check] {
    let path = mosquittoConf ?? Self.installedConfiguration
    guard mosquittoConf != nil || FileManager.default.fileExists(atPath: path) else { return [] }
    let findings = try BrokerSettingsAudit.findings(file: path)
    guard !findings.isEmpty else {
      return [Check(name: "broker settings", outcome: .ok, finding: "\(path) keeps what it acknowledges")]
    }
    let whose = mosquittoConf == nil ? " (runs with a broker of their own do not use this file)" : ""
    return findings.map { finding in
      Check(
        name: "broker settings", outcome: .warning,
        finding:
          "\(path): \(finding.setting) \(finding.value ?? "is left to its default"): \(finding.problem)\(whose)",
        remedy: finding.remedy)
    }
  }
}
