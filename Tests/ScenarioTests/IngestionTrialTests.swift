import Documents
import Foundation
import Scenario
import Testing

/// What is found of a scenario's payloads by encoding and decoding one.
@Suite struct IngestionTrialTests {
  private func faults(template: String) -> [String] {
    let text = """
      name: trial
      seed: 1
      clock: { start: 2026-01-01T00:00:00Z, duration: 1h }
      fleet:
        - device: pump
          count: 2
          every: 10s
          publish: { template: '\(template)' }
          sensors: { t: { signal: [{ constant: { value: 1 } }] }, p: { signal: [{ constant: { value: 2 } }] } }
          anomalies: [{ kind: dropout, sensor: p, devices: 1, at: 30m, for: 10m }]
      ingestion: { window: 5m }
      """
    do {
      _ = try Documents.parse(text)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  private func payload(_ values: String) -> String {
    #"{"device":"${device}","epoch":${epoch},"seq":${seq},"ts":${ts},"values":{\#(values)}}"#
  }

  @Test func aSensorThatSaysNothingIsWrittenAsNull() {
    #expect(faults(template: payload(#""t":${values.t},"p":${values.p}"#)) == [])
    #expect(
      faults(
        template: #"[{"bn":"${device}:","bt":${seconds},"n":"t","v":${values.t}},{"n":"p","v":${values.p}}]"#)
        == [])
  }

  @Test func payloadsOfWhichAPartWouldBeRejectedAreRefused() {
    let found = faults(template: payload(#""t":${values.t},"p":${values.p},"state":"on""#))
    #expect(
      found.count == 1 && found[0].contains("reject a part") && found[0].contains("“state” is the text “on”"))
  }

  @Test func whatCannotBeReadWhereASensorDropsOutIsRefused() {
    // With a value it is a number, and with null it is none.
    let scaled = faults(template: payload(#""t":${values.t},"p":${values.p}e0"#))
    #expect(scaled.count == 1 && scaled[0].contains("where a sensor drops out"), "\(scaled)")
  }
}
