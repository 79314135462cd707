import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Scoring scripts that are no Python: programs that speak the protocol, and some that do not.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ScriptProtocolTests {
  /// The protocol in another language: a shell script that speaks it by hand.
  @Test(.enabled(if: ExecutablePath.find("awk") != nil, "needs awk"))
  func aProgramThatSpeaksTheProtocol() async throws {
    let shell = """
      #!/bin/sh
      echo '{"status":"ready"}'
      while read -r request; do
        task=$(echo "$request" | sed 's/.*"task":\\([0-9]*\\).*/\\1/')
        output=$(echo "$request" | sed 's/.*"output":"\\([^"]*\\)".*/\\1/')
        files=$(echo "$request" | sed 's/.*"files":\\[\\([^]]*\\)\\].*/\\1/' | tr -d '"' | tr ',' ' ')
        echo "task $task" >&2
        { echo device,window_start,score
          for file in $files; do awk -F, 'NR > 1 { print $1 "," $3 "," 60.9 - $6 }' OFMT=%.17g CONVFMT=%.17g "$file"; done
        } >"$output"
        echo "{\\"status\\":\\"ok\\",\\"task\\":$task}"
      done

      """
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let outcome = try await run.score(
        try run.endpoint(shell, file: "score.sh", settings: ["mini_batch_size: 2"]),
        after: "2026-01-01T01:00:00Z")
      #expect(
        outcome.status == 0 && outcome.rows.count == 36,
        "\(outcome.errors) \(outcome.failed.first?.reason ?? "")")
    }
    let faults = [
      ("echo hello; sleep 600", "wrote “hello” to its standard output, which is for replies"),
      ("exit 4", "exited with code 4"),
      ("exec >&-; sleep 600", "closed its standard output"),
      ("yes | tr -d '\\n'", "wrote more than 65536 bytes to its standard output"),
      (
        #"printf '%s\n' '{"status":"failed","reason":"no sun\ntoday"}'; sleep 600"#,
        "did not start: no sun today"
      ),
      (
        #"echo '{"status":"ready"}'; read -r line; echo '{"status":"ok","task":99}'; sleep 600"#,
        "answered something that it was not asked"
      ),
      (
        #"echo '{"status":"ready"}'; read -r line; echo '{"status":"ok","task":1}'; sleep 600"#,
        "has written no rows"
      ),
      (
        #"echo '{"status":"ready"}'; read -r line; echo '{"status":"failed","task":1,"reason":"rain"}'; sleep 600"#,
        "failed: rain"
      ),
      (
        #"echo '{"status":"ready"}'; read -r line; echo '{"status":"failed","task":1}'; sleep 600"#,
        "failed: it did not say why"
      ),
    ]
    for (body, reason) in faults {
      try await ScoringRun.with(devices: 1, windows: 24, watermark: .seconds(7500)) { run in
        let outcome = try await run.score(
          try run.endpoint(
            "#!/bin/sh\n\(body)\n", file: "score.sh", settings: ["retry_settings: { max_retries: 0 }"]),
          after: "2026-01-01T01:00:00Z")
        #expect(
          outcome.failed.count == 12 && outcome.failed.allSatisfy { $0.reason.contains(reason) },
          "\(body): \(outcome.failed.first?.reason ?? "")")
      }
    }
    // No interpreter, and no program.
    for (file, reason) in [
      ("#!/nowhere/sh\n", "before it was ready, and printed last: "),
      ("\u{7F}ELF", "before it was ready, and printed last: "),
    ] {
      try await ScoringRun.with(devices: 1, windows: 24, watermark: .seconds(7500)) { run in
        let outcome = try await run.score(
          try run.endpoint(file, file: "score"), after: "2026-01-01T01:00:00Z")
        #expect(
          outcome.failed.allSatisfy { $0.reason.contains(reason) } && outcome.failed.count == 12,
          "\(outcome.failed.first?.reason ?? "")")
      }
    }
  }
}
