import Foundation
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// `make install` into temporary folders, with the program that is built already.
@Suite struct InstallTests {
  private static let installed = [
    "bin/sonde", "share/bash-completion/completions/sonde", "share/fish/vendor_completions.d/sonde.fish",
    "share/man/man1/sonde.1", "share/sonde/installed", "share/zsh/site-functions/_sonde",
  ]

  /// What one call of a program came to.
  private struct Outcome {
    let status: TerminationStatus
    let output: String
    let errors: String
  }

  private func call(
    _ program: String, _ arguments: [String], in folder: String = SondeProgram.packageRoot
  ) async throws -> Outcome {
    let path = try #require(program.contains("/") ? program : ExecutablePath.find(program))
    // What a make around the tests was told is not for the one inside of them.
    let result = try await Subprocess.run(
      .path(FilePath(path)), arguments: Arguments(arguments),
      environment: .inherit.updating([
        "MAKEFLAGS": nil, "MFLAGS": nil, "MAKELEVEL": nil, "PREFIX": nil, "DESTDIR": nil,
      ]),
      workingDirectory: FilePath(folder), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return Outcome(
      status: result.terminationStatus, output: result.standardOutput, errors: result.standardError)
  }

  private let script = "\(SondeProgram.packageRoot)/.ci/install"

  /// Runs `body` with the folder below which everything is installed.
  private func withInstallation(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await call(script, [SondeProgram.path, "\(folder)/sonde"])
      try #require(outcome.status == .exited(0), "\(outcome.errors)")
      try await body("\(folder)/sonde")
    }
  }

  /// The files below a folder, by their paths in it.
  private func files(below folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
      var isFolder: ObjCBool = false
      return !FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
        || !isFolder.boolValue
    }.sorted()
  }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  /// By the target itself, into folders with spaces, twice, and beside files of others.
  @Test func whatIsInstalledIsAllThatUninstallingRemoves() async throws {
    try await withTemporaryFolder { folder in
      let destination = "\(folder)/to be packed"
      let root = "\(destination)/opt/my tools"
      try FileManager.default.createDirectory(atPath: "\(root)/bin", withIntermediateDirectories: true)
      try "mine".write(toFile: "\(root)/bin/other", atomically: true, encoding: .utf8)
      func make(_ target: String) async throws -> Outcome {
        try await call(
          "make",
          [
            "-o", "program", target, "SONDE=\(SondeProgram.path)", "PREFIX=/opt/my tools",
            "DESTDIR=\(destination)",
          ])
      }
      let manager = FileManager.default
      let examples = try ["Scenarios", "Data"].flatMap { name in
        try files(below: "\(SondeProgram.packageRoot)/\(name)")
          .filter { !$0.hasPrefix(".") && !$0.contains("__pycache__") }.map { "share/sonde/\(name)/\($0)" }
      }
      for _ in 1...2 {
        let outcome = try await make("install")
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        #expect(try files(below: root) == (Self.installed + examples + ["bin/other"]).sorted())
      }
      for path in try files(below: root) where path != "bin/other" {
        let isProgram = path == "bin/sonde" || path.hasSuffix(".pl")
        #expect(try mode("\(root)/\(path)") == (isProgram ? 0o755 : 0o644), "\(path)")
      }
      for path in examples {
        let original = "\(SondeProgram.packageRoot)/\(path.dropFirst("share/sonde/".count))"
        #expect(manager.contentsEqual(atPath: "\(root)/\(path)", andPath: original), "\(path)")
      }
      #expect(manager.contentsEqual(atPath: "\(root)/bin/sonde", andPath: SondeProgram.path))
      // The place where things are packed is not the one where they will be.
      for path in Self.installed where path != "bin/sonde" {
        let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
        #expect(!text.isEmpty && !text.contains(folder), "\(path)")
      }

      let removed = try await make("uninstall")
      #expect(removed.status == .exited(0), "\(removed.errors)")
      #expect(try manager.subpathsOfDirectory(atPath: root).sorted() == ["bin", "bin/other"])
      let again = try await make("uninstall")
      #expect(again.status == .exited(0) && again.output.contains("There is no Sonde in \(root)"))
    }
  }

  @Test func uninstallingLeavesNothing() async throws {
    try await withInstallation { root in
      // A file that the version before had.
      let list = "\(root)/share/sonde/installed"
      try "old".write(toFile: "\(root)/share/sonde/old", atomically: true, encoding: .utf8)
      let text = try String(contentsOfFile: list, encoding: .utf8)
      try (text + "share/sonde/old\n").write(toFile: list, atomically: true, encoding: .utf8)
      #expect(try await call(script, [SondeProgram.path, root]).status == .exited(0))
      #expect(!FileManager.default.fileExists(atPath: "\(root)/share/sonde/old"))
      #expect(try String(contentsOfFile: list, encoding: .utf8) == text)

      #expect(try await call(script, ["--uninstall", root]).status == .exited(0))
      #expect(!FileManager.default.fileExists(atPath: root))
    }
  }

  /// By the names that the pages use: the recording beside the scenario is found, and the run is made where one stands.
  @Test func commandsOfThePagesWorkInAnyFolder() async throws {
    try await withInstallation { root in
      let elsewhere = (root as NSString).deletingLastPathComponent + "/elsewhere"
      try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: false)
      let before = try files(below: root)
      let sonde = "\(root)/bin/sonde"
      let run = try await call(sonde, ["run", "Scenarios/replay.yaml"], in: elsewhere)
      #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
      #expect(run.errors.contains("this is \(root)/share/sonde/Scenarios/replay.yaml"), "\(run.errors)")
      let runs = try FileManager.default.contentsOfDirectory(atPath: "\(elsewhere)/runs")
      try #require(runs.count == 1)
      #expect(try report(of: "\(elsewhere)/runs/\(runs[0])")["verdict"] as? String == "passed")
      #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere) == ["runs"])
      let plan = try await call(sonde, ["simulate", "Data/machine.yaml", "--plan-only"], in: elsewhere)
      #expect(plan.status == .exited(0), "\(plan.errors)")
      #expect(try files(below: root) == before)

      // One's own file comes first, and names that were not installed stay what they are.
      try FileManager.default.createDirectory(
        atPath: "\(elsewhere)/Scenarios", withIntermediateDirectories: false)
      try "nonsense: true\n".write(
        toFile: "\(elsewhere)/Scenarios/replay.yaml", atomically: true, encoding: .utf8)
      let own = try await call(sonde, ["validate", "Scenarios/replay.yaml"], in: elsewhere)
      #expect(own.status == .exited(64) && own.errors.contains("nonsense"), "\(own.errors)")
      for path in ["Scenarios/none.yaml", "replay.yaml", "Data/../installed"] {
        let none = try await call(sonde, ["validate", path], in: elsewhere)
        #expect(none.status == .exited(64) && none.errors.contains("cannot read \(path)"), "\(none.errors)")
      }
    }
  }

  @Test func bashCompletes() async throws {
    let script = """
      source "$0" || exit
      COMP_LINE=$1 COMP_POINT=${#1}
      read -ra COMP_WORDS <<<"$1"
      [[ $1 == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      function=$(complete -p sonde | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
      "$function" sonde "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    try await withInstallation { root in
      let completions = "\(root)/share/bash-completion/completions/sonde"
      for (line, offered) in [
        ("sonde ru", "run\n"), ("sonde models im", "import\n"),
        ("sonde run --se", "--set\n--seed\n--seeds\n"),
        ("sonde run --format ", "text\njson\n"), ("sonde nonsen", "\n"),
      ] {
        let outcome = try await call("bash", ["-c", script, completions, line])
        #expect(outcome.status == .exited(0) && outcome.errors.isEmpty, "\(line): \(outcome.errors)")
        #expect(outcome.output == offered, "\(line): \(outcome.output)")
      }
    }
  }

  @Test(.enabled(if: ExecutablePath.find("zsh") != nil, "zsh is not installed here"))
  func zshReadsItsCompletions() async throws {
    try await withInstallation { root in
      let outcome = try await call("zsh", ["-n", "\(root)/share/zsh/site-functions/_sonde"])
      #expect(outcome.status == .exited(0) && outcome.errors.isEmpty, "\(outcome.errors)")
    }
  }

  @Test(.enabled(if: ExecutablePath.find("fish") != nil, "fish is not installed here"))
  func fishCompletes() async throws {
    try await withInstallation { root in
      let outcome = try await call(
        "fish",
        [
          "--no-config", "-c", "source $argv[1]; complete -C 'sonde ru'",
          "\(root)/share/fish/vendor_completions.d/sonde.fish",
        ])
      #expect(outcome.status == .exited(0) && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(outcome.output.split(separator: "\t").first == "run", "\(outcome.output)")
    }
  }

  @Test func theManPageNamesEveryCommandAndExitCode() async throws {
    let help = try await SondeProgram.run(["--help"]).output
    let commands = try #require(help.components(separatedBy: "SUBCOMMANDS:").last)
      .matches(of: #/(?m)^  ([a-z]+)  /#).map { String($0.1) }
    #expect(commands.contains("run") && commands.contains("evaluate"))
    try await withInstallation { root in
      let page = try String(contentsOfFile: "\(root)/share/man/man1/sonde.1", encoding: .utf8)
      let sections = page.matches(of: /(?m)^\.SH (.*)$/).map { String($0.1) }
      #expect(sections.starts(with: ["NAME", "SYNOPSIS", "DESCRIPTION"]), "\(sections)")
      #expect(sections.contains("EXIT STATUS"))
      let described = Set(page.matches(of: /(?m)^\.SS sonde (.*)$/).map { String($0.1) })
      for command in commands { #expect(described.contains(command), "\(command)") }
      #expect(described.contains(#"endpoints set\-default"#))

      let exitStatus = try #require(page.components(separatedBy: ".SH EXIT STATUS\n").last)
      let codes = exitStatus.matches(of: /(?m)^\.TP\n\\fB(\d+)\\fP$/).compactMap { Int($0.1) }
      #expect(codes == [0, 1, 3, 64, 69, 70, 130])
      // Every option of a command, with dashes that can be copied.
      let ingest = try await SondeProgram.run(["ingest", "--help"]).output
      let options = ingest.matches(of: /(?m)^  (--[a-z-]+)/).map { String($0.1) }
      #expect(options.contains("--window"))
      for option in options where option != "--version" {
        #expect(page.contains("\n\\fB\(option.replacing("-", with: "\\-"))\\fP"), "\(option)")
      }
      #expect(page.contains("\nsonde run \(root)/share/sonde/Scenarios".replacing("-", with: "\\-")))
    }
  }

  @Test(
    .enabled(if: ExecutablePath.find("man") != nil, "man is not installed here; Debian's package is man-db"))
  func manShowsThePageWithoutAWarning() async throws {
    try await withInstallation { root in
      let shown = try await call("man", ["--warnings", "-l", "\(root)/share/man/man1/sonde.1"])
      #expect(shown.status == .exited(0) && shown.errors.isEmpty, "\(shown.errors)")
      #expect(shown.output.contains("EXIT STATUS"))
    }
  }

  // MARK: - Where it cannot be installed

  /// Root may write anywhere, unless it gives that up.
  private static let isRoot = geteuid() == 0

  @Test(
    .enabled(
      if: !isRoot || ExecutablePath.find("setpriv") != nil,
      "root cannot be kept from writing without setpriv; Debian's package is util-linux"))
  func aFolderThatMayNotBeChangedIsSaidWithWhatToDo() async throws {
    func callWithoutPrivilege(_ arguments: [String]) async throws -> Outcome {
      guard Self.isRoot else { return try await call(script, arguments) }
      return try await call(
        "setpriv", ["--bounding-set", "-dac_override,-dac_read_search", script] + arguments)
    }
    func close(_ folder: String, _ isClosed: Bool) throws {
      try FileManager.default.setAttributes(
        [.posixPermissions: isClosed ? 0o555 : 0o755], ofItemAtPath: folder)
    }
    try await withInstallation { root in
      let closed = (root as NSString).deletingLastPathComponent + "/closed"
      try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false)
      try close(closed, true)
      let install = try await callWithoutPrivilege([SondeProgram.path, "/usr/local", closed])
      #expect(install.status == .exited(69))
      #expect(
        install.errors.contains("\(closed) may not be changed by")
          && install.errors.contains("run “sudo ") && install.errors.contains(" /usr/local \(closed)”"),
        "\(install.errors)")
      #expect(install.errors.split(separator: "\n").count == 1, "\(install.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: closed).isEmpty)

      let before = try files(below: root)
      try close("\(root)/bin", true)
      let uninstall = try await callWithoutPrivilege(["--uninstall", root])
      try close("\(root)/bin", false)
      #expect(uninstall.status == .exited(69))
      #expect(uninstall.errors.contains("\(root)/bin may not be changed by"), "\(uninstall.errors)")
      #expect(try files(below: root) == before)
    }
  }

  @Test func whatStandsInTheWayIsNamedAndLeftAlone() async throws {
    try await withTemporaryFolder { folder in
      try "mine".write(toFile: "\(folder)/share", atomically: true, encoding: .utf8)
      let blocked = try await call(script, [SondeProgram.path, folder])
      #expect(blocked.status == .exited(64))
      #expect(blocked.errors.contains("\(folder)/share is no folder"), "\(blocked.errors)")
      let relative = try await call(script, [SondeProgram.path, "usr", folder])
      #expect(relative.status == .exited(64))
      #expect(relative.errors.contains("PREFIX is “usr”; it must be an absolute path"), "\(relative.errors)")
      let unbuilt = try await call(script, ["\(folder)/sonde", "\(folder)/usr"])
      #expect(unbuilt.status == .exited(69))
      #expect(unbuilt.errors.contains("“make program” builds it"), "\(unbuilt.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["share"])
    }
  }

  /// A damaged list of what was installed removes nothing of others.
  @Test func aListThatLeadsOutsideIsRefused() async throws {
    try await withInstallation { root in
      let outside = (root as NSString).deletingLastPathComponent + "/outside"
      try "mine".write(toFile: outside, atomically: true, encoding: .utf8)
      let list = "\(root)/share/sonde/installed"
      try ("share/../../outside\n" + String(contentsOfFile: list, encoding: .utf8))
        .write(toFile: list, atomically: true, encoding: .utf8)
      for arguments in [["--uninstall", root], [SondeProgram.path, root]] {
        let outcome = try await call(script, arguments)
        #expect(outcome.status == .exited(64))
        #expect(outcome.errors.contains("names “share/../../outside”"), "\(outcome.errors)")
      }
      #expect(FileManager.default.fileExists(atPath: outside))
      #expect(FileManager.default.fileExists(atPath: "\(root)/bin/sonde"))
    }
  }
}
