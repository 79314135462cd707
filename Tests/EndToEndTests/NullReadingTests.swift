import Foundation
import TestSupport
import Testing

/// A sensor that says nothing is written as `null` by a template, and costs no reading of the others.
@Suite struct NullReadingTests {
  @Test func aRunWithASensorThatDropsOutLosesAndRejectsNothing() async throws {
    try await withTemporaryFolder { folder in
      let template = """
        {"device":"${device}","epoch":${epoch},"seq":${seq},"ts":${ts},"values":{"t":${values.t},"p":${values.p}}}
        """
      let file = "\(folder)/nulls.yaml"
      try """
      name: nulls
      seed: 7
      clock: { start: 2026-01-01T00:00:00Z, duration: 1h, speed: max }
      fleet:
        - device: pump
          count: 2
          every: 10s
          publish: { template: '\(template)' }
          sensors:
            t: { signal: [{ sine: { offset: 60, amplitude: 4, period: 1h } }] }
            p: { signal: [{ sine: { offset: 8, amplitude: 1, period: 1h } }] }
          anomalies: [{ kind: dropout, sensor: p, devices: 1, at: 20m, for: 20m }]
      ingestion: { window: 5m }
      expect:
        - readings.stored == 1320
        - readings.lost == 0
        - readings.rejected == 0
        - readings.unaccounted == 0
        - windows.mismatched == 0
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    }
  }
}
