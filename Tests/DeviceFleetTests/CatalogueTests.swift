import DeviceFleet
import Foundation
import Telemetry
import Testing

/// The catalogues of anomalies and transport faults, checked by what holds for every kind: one that is added by the table in
/// ARCHITECTURE.md passes, and one that lacks a file, a row or a picture does not.
@Suite struct CatalogueTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// What a folder or a page lacks of the kinds called `names`, whose types are `types`.
  private static func missing(
    names: [String], types: [String], folder: String, suffix: String, page: String, picture: String
  ) throws -> [String] {
    let files = Set(
      try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")
        .filter { $0.hasSuffix("\(suffix).swift") }.map { String($0.dropLast(".swift".count)) })
    let text = try String(contentsOfFile: "\(root)/\(page)", encoding: .utf8)
    let gallery = try String(contentsOfFile: "\(root)/docs/gallery/README.md", encoding: .utf8)
    var missing = files.symmetricDifference(types).sorted().map {
      "\($0) is in \(folder) or in the catalogue, and not in both"
    }
    for name in names {
      if !text.contains("`\(name)`") { missing.append("\(page) does not tell of \(name)") }
      let drawing = "\(picture)-\(name).svg"
      if !gallery.contains(drawing)
        || !FileManager.default.fileExists(atPath: "\(root)/docs/gallery/\(drawing)")
      {
        missing.append("the gallery has no \(drawing)")
      }
    }
    if Set(names).count != names.count { missing.append("two kinds have one name") }
    return missing
  }

  private static func missing(ofAnomalies names: [String], _ types: [String]) throws -> [String] {
    try missing(
      names: names, types: types, folder: "Sources/DeviceFleet/Anomalies", suffix: "Anomaly",
      page: "docs/anomalies.md", picture: "anomaly")
  }

  private static let anomalies = AnomalyCatalogue.kinds.map { $0.name }
  private static let anomalyTypes = AnomalyCatalogue.kinds.map { "\($0)" }

  @Test func everyAnomalyIsInItsFileOnItsPageAndInTheGallery() throws {
    #expect(try Self.missing(ofAnomalies: Self.anomalies, Self.anomalyTypes) == [])
    #expect(AnomalyCatalogue.kinds.allSatisfy { $0.about.hasSuffix(".") })
    for name in Self.anomalies {
      #expect(AnomalyCatalogue.kind(named: name.replacing("-", with: "_"))?.name == name)
    }
  }

  /// The check finds each thing that somebody may forget.
  @Test func whatIsForgottenOfAnAnomalyIsFound() throws {
    #expect(
      try Self.missing(ofAnomalies: Self.anomalies + ["echo"], Self.anomalyTypes + ["EchoAnomaly"]) == [
        "EchoAnomaly is in Sources/DeviceFleet/Anomalies or in the catalogue, and not in both",
        "docs/anomalies.md does not tell of echo", "the gallery has no anomaly-echo.svg",
      ])
    #expect(
      try Self.missing(ofAnomalies: Self.anomalies, Array(Self.anomalyTypes.dropFirst())) == [
        "\(Self.anomalyTypes[0]) is in Sources/DeviceFleet/Anomalies or in the catalogue, and not in both"
      ])
    #expect(
      try Self.missing(ofAnomalies: Self.anomalies + [Self.anomalies[0]], Self.anomalyTypes) == [
        "two kinds have one name"
      ])
  }

  @Test func everyTransportFaultIsInItsFileOnItsPageAndInTheGallery() throws {
    #expect(
      try Self.missing(
        names: TransportCatalogue.kinds.map { $0.name }, types: TransportCatalogue.kinds.map { "\($0)" },
        folder: "Sources/DeviceFleet/TransportFaults", suffix: "Fault", page: "docs/transport.md",
        picture: "transport") == [])
  }

  /// Whatever the kind: readings differ within its label, and nowhere else.
  @Test(arguments: AnomalyCatalogue.kinds.map { $0.name }) func anAnomalyChangesItsLabelAlone(name: String)
    throws
  {
    let kind = try #require(AnomalyCatalogue.kind(named: name))
    for seed in UInt64(1)...3 {
      let anomaly = AnomalyPlacement(
        kind, sensor: kind.origin == .clock ? nil : Fleets.temperature, between: hours(10)...hours(12),
        length: hours(1))
      let plan = try Fleets.plan(seed: seed, Fleets.pumps(1, anomalies: [anomaly]))
      let clean = try Fleets.plan(seed: seed, Fleets.pumps(1))
      let label = try #require(plan.labels.first)
      #expect(plan.labels.count == 1 && label.kind == name)
      #expect(label.sensor == (kind.origin == .clock ? nil : Fleets.temperature))
      var differs = (inside: 0, outside: 0)
      for (wrong, right) in zip(plan.devices[0].messages(), clean.devices[0].messages()) {
        // A clock that is wrong is so while the right one is within the label.
        let isInside =
          label.start <= right.timestamp && right.timestamp < label.end
          || label.start <= wrong.timestamp && wrong.timestamp < label.end
        guard wrong != right else { continue }
        if isInside { differs.inside += 1 } else { differs.outside += 1 }
      }
      #expect(differs.inside > 0, "seed \(seed)")
      #expect(differs.outside == 0, "seed \(seed)")
    }
  }
}
