import Foundation
import HTTPLoad
import StreamScoring
import Telemetry
import Testing
import WindowStore

/// The bytes of requests, read back by what the protocol's text says.
@Suite struct StreamRequestTests {
  private static let url = "http://127.0.0.1:8080/v2/models/models/infer"

  private func row(
    _ device: String, sensor: String? = nil, start: Int64 = 0, _ values: [Double]
  ) -> StreamRow {
    StreamRow(
      batch: 1, device: device, sensor: sensor,
      key: .init(device: 1, sensor: 1, start: Timestamp(milliseconds: start), revision: 1),
      end: Timestamp(milliseconds: start + 60_000), visibleFrom: Timestamp(milliseconds: start + 60_000),
      values: values)
  }

  private func read(
    _ columns: [String], _ rows: [StreamRow], key: String? = nil, sendsWindows: Bool = false,
    id: String = "7-1"
  ) throws -> InferenceRequest {
    let request = StreamRequest(try LoadTarget(Self.url), key: key, sendsWindows: sendsWindows)
    return try InferenceRequest(
      bytes: request.bytes(StreamRequestRows(columns: columns, rows: rows), id: id))
  }

  @Test func theHeadSaysWhatFollows() throws {
    let request = try read(["mean"], [row("a", [1])], key: "secret key", id: "42-9")
    #expect(request.line == "POST /v2/models/models/infer HTTP/1.1")
    #expect(request.headers["host"] == "127.0.0.1:8080")
    #expect(request.headers["authorization"] == "Bearer secret key")
    #expect(request.headers["content-type"] == "application/octet-stream")
    // An answer is told from another by the id, and a log line by it too.
    #expect(request.id == "42-9" && request.headers["x-request-id"] == "42-9")
    #expect((request.json["parameters"] as? [String: Any])?["binary_data_output"] as? Bool == true)
    #expect(try read(["mean"], [row("a", [1])]).headers["authorization"] == nil)
  }

  @Test func featuresAreOneTensorOfTheSameBits() throws {
    let rows = hardDoubles.indices.map { place in
      row("pump-\(place)", [hardDoubles[place], hardDoubles[(place + 5) % hardDoubles.count]])
    }
    let request = try read(["a.mean", "b.mean"], rows)
    #expect(request.tensors.map(\.name) == ["device", "features"])
    let features = try #require(request["features"])
    #expect(features.datatype == "FP64" && features.shape == [rows.count, 2])
    #expect(features.words == rows.flatMap { $0.values.map(\.bitPattern) })
    let devices = try #require(request["device"])
    #expect(devices.datatype == "BYTES" && devices.shape == [rows.count])
    #expect(devices.texts == rows.map(\.device))
  }

  @Test func rowsOfSensorsSayWhich() throws {
    let rows = [
      row("a", sensor: "temperature", [1]), row("b-2", sensor: "s", [2]),
      row("a", sensor: "temperature", [3]),
    ]
    let request = try read(["mean"], rows)
    #expect(request.tensors.map(\.name) == ["device", "sensor", "features"])
    #expect(request["device"]?.texts == ["a", "b-2", "a"])
    #expect(request["sensor"]?.texts == ["temperature", "s", "temperature"])
    #expect(request["features"]?.shape == [3, 1])
  }

  /// Scripts are given windows: a tensor a column, and which windows they are.
  @Test func windowsAreTensorsByName() throws {
    let rows = [
      row("a", start: 1_767_225_600_000, [hardDoubles[0], 1e308]), row("b", start: -60_000, [-0.0, 2]),
    ]
    let request = try read(["temperature.mean", "temperature.max"], rows, sendsWindows: true)
    #expect(
      request.tensors.map(\.name) == [
        "device", "window_start_ms", "window_end_ms", "temperature.mean", "temperature.max",
      ])
    #expect(request.tensors.dropFirst().map(\.datatype) == ["INT64", "INT64", "FP64", "FP64"])
    #expect(request.tensors.allSatisfy { $0.shape == [2] })
    func integers(_ name: String) -> [Int64]? { request[name]?.words.map(Int64.init(bitPattern:)) }
    #expect(integers("window_start_ms") == [1_767_225_600_000, -60_000])
    #expect(integers("window_end_ms") == [1_767_225_660_000, 0])
    #expect(request["temperature.mean"]?.words == [hardDoubles[0].bitPattern, (-0.0).bitPattern])
    #expect(request["temperature.max"]?.words == [1e308, 2].map(\.bitPattern))
  }

  /// Features of an imported model may be called anything.
  @Test func namesOfColumnsMayBeAnything() throws {
    let names = [#"a"b\c"#, "línea\n2", "x/y", "\u{7}"]
    let request = try read(names, [row("a", [1, 2, 3, 4])], sendsWindows: true)
    #expect(request.tensors.dropFirst(3).map(\.name) == names)
  }
}
