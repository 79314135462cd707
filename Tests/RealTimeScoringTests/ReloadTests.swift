import Files
import Foundation
import HTTP
import OneClassSVM
import RealTimeScoring
import TestSupport
import Testing

/// What changes in the files while the service runs, and which deployment answers.
@Suite struct ReloadTests {
  private let body =
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[10,20,30]}]}"

  private func version(_ fixture: ServiceFixture, _ device: String = "a") async -> String? {
    await fixture.ask(.post, "/v2/models/\(device)/infer", body).json["model_version"] as? String
  }

  @Test func aModelIsReplacedAndOthersComeAndGo() async throws {
    try await withTemporaryFolder { folder in
      let first = try ServiceFixture.writeModel("a", in: folder, seed: 1)
      try ServiceFixture.writeModel("b", in: folder, seed: 2)
      let plan = ServingPlan.models(in: folder)
      let fixture = try ServiceFixture(plan, folder: folder)
      #expect(await version(fixture) == first.version)
      #expect(!fixture.loader.hasChanged(plan))
      let second = try ServiceFixture.writeModel("a", in: folder, seed: 3)
      try ServiceFixture.writeModel("c", in: folder, seed: 4)
      for ending in ["model", "json"] {
        try FileManager.default.removeItem(atPath: "\(folder)/\(ModelFile.stem(device: "b")).\(ending)")
      }
      #expect(fixture.loader.hasChanged(plan))
      // Before it is taken over, the old one answers.
      #expect(await version(fixture) == first.version && first.version != second.version)
      try fixture.service.reload(plan, fixture.loader)
      #expect(!fixture.loader.hasChanged(plan))
      #expect(await version(fixture) == second.version)
      #expect(await fixture.ask(.get, "/v2/models").json["models"] as? [String] == ["a", "c"])
      #expect(fixture.told.isEmpty)
    }
  }

  @Test func aBrokenNewModelIsRefusedAndTheOldOneGoesOn() async throws {
    try await withTemporaryFolder { folder in
      let first = try ServiceFixture.writeModel("a", in: folder, seed: 1)
      let plan = ServingPlan.models(in: folder)
      let fixture = try ServiceFixture(plan, folder: folder)
      let path = "\(folder)/\(ModelFile.stem(device: "a")).model"
      let sound = try TextFile.text(of: path)
      try AtomicFile.write(String(sound.dropLast(200)), to: path, existing: .replace)
      try AtomicFile.write("no model", to: "\(folder)/\(ModelFile.stem(device: "new")).model")
      try AtomicFile.write("{}", to: "\(folder)/\(ModelFile.stem(device: "new")).json")
      try fixture.service.reload(plan, fixture.loader)
      #expect(await version(fixture) == first.version)
      let notices = fixture.told
      #expect(
        notices.contains { $0.contains("model a ") && $0.contains("the one before it goes on") }, "\(notices)"
      )
      #expect(notices.contains { $0.contains("model new ") && $0.contains("is not served") }, "\(notices)")
      let new = await fixture.ask(.post, "/v2/models/new/infer", body)
      #expect(new.status == .serviceUnavailable && new.headers["Retry-After"] == "1", "\(new.text)")
      // Nothing has changed since, and so nothing is read or told again.
      #expect(!fixture.loader.hasChanged(plan))
      try AtomicFile.write(sound, to: path, existing: .replace)
      #expect(fixture.loader.hasChanged(plan))
    }
  }

  @Test func withoutAModelItDoesNotBeginAndDoesNotEnd() async throws {
    try await withTemporaryFolder { folder in
      let plan = ServingPlan.models(in: folder)
      #expect(throws: ServingError.self) { try ServiceFixture(plan, folder: folder) }
      let missing = ServingPlan.models(in: "\(folder)/none")
      #expect(throws: FileError.self) { try ServiceFixture(missing, folder: folder) }
      let model = try ServiceFixture.writeModel("a", in: folder, seed: 1)
      let fixture = try ServiceFixture(plan, folder: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
      #expect(throws: ServingError.self) { try fixture.service.reload(plan, fixture.loader) }
      #expect(await version(fixture) == model.version)
      let metrics = await fixture.ask(.get, "/metrics").text
      #expect(metrics.contains("sonde_serving_reloads_total{outcome=\"refused\"} 1"), "\(metrics)")
    }
  }

  @Test func deploymentsShareTheTrafficAndAreChosenByName() async throws {
    try await withTemporaryFolder { folder in
      let blue = try ServiceFixture.writeModel("a", in: "\(folder)/blue", seed: 1)
      let green = try ServiceFixture.writeModel("a", in: "\(folder)/green", seed: 2)
      let plan = ServingPlan(
        name: "pumps",
        deployments: [
          .init(name: "blue", source: .models(folder: "\(folder)/blue")),
          .init(name: "green", source: .models(folder: "\(folder)/green")),
        ], defaultDeployment: "blue", traffic: ["blue": 75, "green": 25])
      let fixture = try ServiceFixture(plan, folder: folder)
      var counts: [String: Int] = [:]
      for _ in 0..<40 { counts[await version(fixture) ?? "", default: 0] += 1 }
      #expect(counts == [blue.version: 30, green.version: 10])
      for (name, model) in [("blue", blue), ("green", green)] {
        let headers: HTTPHeaders = ["azureml-model-deployment": name]
        let answer = await fixture.ask(.post, "/v2/models/a/infer", body, headers: headers)
        #expect(answer.json["model_version"] as? String == model.version)
        #expect(answer.headers["azureml-model-deployment"] == name)
        let versioned = await fixture.ask(.post, "/v2/models/a/versions/\(model.version)/infer", body)
        #expect(versioned.headers["azureml-model-deployment"] == name)
      }
      let described = await fixture.ask(.get, "/v2/models/a").json
      #expect(described["versions"] as? [String] == [blue.version, green.version])
    }
  }

  /// A new name counts, although no file of a model has changed.
  @Test func anEndpointIsRenamed() async throws {
    try await withTemporaryFolder { folder in
      try ServiceFixture.writeModel("a", in: folder, seed: 1)
      let fixture = try ServiceFixture(.models(in: folder, name: "old"), folder: folder)
      let rows =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[10,20,30]},"
        + "{\"name\":\"device\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"a\"]}]}"
      #expect(await fixture.ask(.post, "/v2/models/old/infer", rows).status == .ok)
      try fixture.service.reload(.models(in: folder, name: "new"), fixture.loader)
      #expect(await fixture.ask(.post, "/v2/models/new/infer", rows).status == .ok)
      #expect(await fixture.ask(.post, "/v2/models/old/infer", rows).status == .notFound)
    }
  }

  @Test func sharesAreExactAndEvenlySpread() {
    var shares = TrafficShares([("a", 70), ("b", 29), ("c", 1), ("d", 0)])
    var counts: [String: Int] = [:]
    var last: [String: Int] = [:]
    for number in 0..<1000 {
      let name = shares.next()
      counts[name, default: 0] += 1
      if name == "b", let before = last["b"] { #expect(number - before <= 5) }
      last[name] = number
    }
    #expect(counts == ["a": 700, "b": 290, "c": 10])
  }

  @Test func modelsOfSensorsAreCalledAsTheirFiles() async throws {
    try await withTemporaryFolder { folder in
      let model = try ServiceFixture.writeModel("a", sensor: "s.1", in: folder, seed: 1)
      try ServiceFixture.writeModel("a", sensor: "s.2", in: folder, seed: 2)
      let fixture = try ServiceFixture(.models(in: folder), folder: folder)
      #expect(await version(fixture, "device_a_sensor_s.1") == model.version)
      let names = ServiceFixture.features.map { "\"\($0)\"" }.joined(separator: ",")
      let answer = await fixture.ask(
        .post, "/score",
        "{\"input_data\":{\"columns\":[\"device\",\"sensor\",\(names)],\"data\":[[\"a\",\"s.1\",10,20,30]]}}")
      #expect(answer.list.first?["model_version"] as? String == model.version, "\(answer.text)")
      #expect(answer.list.first?["sensor"] as? String == "s.1")
    }
  }
}
