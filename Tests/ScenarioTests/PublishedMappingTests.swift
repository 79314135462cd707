import DeviceFleet
import Documents
import Foundation
import Scenario
import TestSupport
import Testing

/// `publish.payload` with a mapping: what cannot be published so, or not read again, is said before a run.
@Suite(.timeLimit(.minutes(30))) struct PublishedMappingTests {
  private func text(
    _ publish: String, device: String = "pump", sensor: String = "temperature", group: String = "",
    _ rest: String = ""
  ) -> String {
    """
    name: published
    clock: { start: 2026-01-01T00:00:00Z, duration: 1h }
    fleet:
      - device: \(device)
        count: 2
        every: 10s
        publish: { \(publish) }
        sensors: { \(sensor): { signal: [{ constant: { value: 1 } }] } }
        \(group)
    \(rest)
    """
  }

  private func faults(_ text: String) -> [String] {
    do {
      _ = try Documents.parse(text)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  private let ingestion = "ingestion: { window: 5m, payload: tasmota }"

  @Test func aPresetIsPublishedAndRead() throws {
    let document = try Documents.parse(text("payload: tasmota", ingestion))
    #expect(document.source.messages.groups[0].style.mapping?.mapping == document.payload)
    #expect(document.ingestionObstacle == nil)
    #expect(faults(text("payload: senml", "ingestion: { window: 5m }")) == [])
  }

  @Test func ingestionMustBeToldToo() throws {
    let untold = faults(text("payload: tasmota", "ingestion: { window: 5m }"))
    #expect(untold.count == 1 && untold[0].contains("write ingestion: { payload: tasmota }"), "\(untold)")
    let other = faults(text("payload: zigbee2mqtt", ingestion))
    #expect(other.count == 1 && other[0].contains("no topic of the mapping matches"), "\(other)")
    // Whoever only publishes needs none.
    let document = try Documents.parse(text("payload: tasmota"))
    #expect(document.ingestionObstacle?.reason.contains("payload: tasmota") == true)
    let inline = "payload: { messages: [{ topic: \"x/{device}\", time: { path: t, unit: ms } }] }"
    let found = faults(text(inline, "ingestion: { window: 5m }"))
    #expect(found.count == 1 && found[0].contains("write the same one below ingestion"), "\(found)")
    #expect(faults(text(inline, "ingestion: { window: 5m, \(inline) }")) == [])
  }

  @Test func whatCannotBePublishedIsRefused() {
    let left = faults(text("payload: tasmota", sensor: "Epoch", ingestion))
    #expect(
      left.count == 1 && left[0].contains("cannot publish as tasmota") && left[0].contains("“Epoch”"),
      "\(left)")
    let unnamed = faults(text("payload: telegraf-json", "ingestion: { payload: telegraf-json }"))
    #expect(
      unnamed.count == 1 && unnamed[0].contains("“temperature” is not of the form “{metric}"), "\(unnamed)")
    let device = faults(text("payload: home-assistant-statestream"))
    #expect(device.count == 1 && device[0].contains("not of the form “{domain}.{entity}”"), "\(device)")
    let topic = faults(text("payload: tasmota, topic: 'x/${device}'", ingestion))
    #expect(topic.count == 1 && topic[0].contains("the mapping of the payload says the topics"), "\(topic)")
    let batch = faults(text("payload: tasmota", group: "batch: 3", ingestion))
    #expect(
      batch.count == 1 && batch[0].contains("batch: a payload of tasmota carries one instant"), "\(batch)")
    #expect(
      faults(
        text(
          "payload: telegraf-json", sensor: "mem.free", group: "batch: 3",
          "ingestion: { payload: telegraf-json }")) == [])
  }

  @Test func payloadsThatARunCannotJudgeAreRefused() {
    let arrival = text(
      "payload: home-assistant-statestream", device: "light.hall",
      "ingestion: { payload: home-assistant-statestream }")
    let found = faults(arrival)
    #expect(found.count == 1 && found[0].contains("have no time"), "\(found)")
    // Sensors that are named by a level of the topic have a publication each.
    let levels =
      "payload: { messages: [{ topic: \"x/{device}/{part}\", sensor: \"{part}.{name}\", time: { path: t, unit: ms } }] }"
    let two = text(
      levels, sensor: "a.v: { signal: [{ constant: { value: 1 } }] }, b.v", "ingestion: { \(levels) }")
    let several = faults(two)
    #expect(several.count == 1 && several[0].contains("take several publications"), "\(several)")
    let birth = faults(text("payload: tasmota, birth: { topic: 'tele/${device}/STATE' }", ingestion))
    #expect(birth.count == 1 && birth[0].contains("birth messages"), "\(birth)")
    #expect(faults(text("payload: tasmota, birth: { topic: 'tele/${device}/LWT' }", ingestion)) == [])
    let clock = faults(
      text(
        "payload: tasmota",
        group: "anomalies: [{ kind: clock-skew, at: 10m, for: 10m, severity: 60 }]", ingestion))
    #expect(clock.count == 1 && clock[0].contains("no sequence"), "\(clock)")
  }

  @Test func namesThatNobodyKnows() {
    let form = faults(text("payload: senmll"))
    #expect(
      form.count == 1 && form[0].contains("expected canonical, senml, sparkplug, or a mapping"), "\(form)")
    #expect(form[0].contains("did you mean"), "\(form)")
    let preset = faults(text("payload: tasmotta"))
    #expect(preset.count == 1 && preset[0].contains("did you mean “tasmota”"), "\(preset)")
  }

  @Test func aFileIsFoundBesideTheScenario() async throws {
    try await withTemporaryFolder { folder in
      let mapping = "messages: [{ topic: 'x/{device}', time: { path: t, unit: s } }]\n"
      try mapping.write(toFile: "\(folder)/plant.yaml", atomically: true, encoding: .utf8)
      let scenario = text("payload: plant.yaml", "ingestion: { payload: plant.yaml }")
      try scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
      let document = try ScenarioDocument.load("\(folder)/s.yaml")
      #expect(document.source.messages.groups[0].style.mapping?.mapping.name == "plant")
      #expect(document.ingestionObstacle == nil)
    }
  }
}
