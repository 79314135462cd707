import Foundation
import Manifests
import Testing
import Yams

/// Whole manifests, as people see them. `SONDE_UPDATE_MANIFESTS=1` writes the files of `Golden` anew.
@Suite struct GoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden"

  private func check(_ text: String, _ name: String) throws {
    let path = "\(Self.folder)/\(name)"
    if ProcessInfo.processInfo.environment["SONDE_UPDATE_MANIFESTS"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "\(name) is another file")
  }

  static func smallService() throws -> ServiceManifests {
    try ServiceManifests(
      name: ResourceName("models", option: "--name"), namespace: nil, image: "registry.example.com/sonde:1",
      arguments: ["serve", "--models", "/models", "--listen", "0.0.0.0:8080"], port: 8080, scale: .fixed(1),
      drainSeconds: 10, threads: 1)
  }

  static func wholeService() throws -> ServiceManifests {
    var service = try ServiceManifests(
      name: ResourceName("pumps", option: "--name"), namespace: "plant",
      image: "registry.example.com/sonde:1",
      arguments: [
        "serve", "--endpoint", "/srv/pumps $(1).yaml", "--listen", "0.0.0.0:9000", "--keys",
        "/etc/sonde/keys/keys.json", "--tls-cert", "/etc/sonde/tls/tls.crt", "--tls-key",
        "/etc/sonde/tls/tls.key", "--threads", "2", "--drain", "30s",
      ], port: 9000, scale: .between(least: 2, most: 8), drainSeconds: 30, threads: 2)
    service.host = "pumps.example.com"
    service.keys = "{\n  \"clients\" : []\n}\n"
    service.tls = .init(certificate: "my cert.pem", key: "key.pem")
    service.volumes = try ClaimMount.all(["models:/srv"])
    return service
  }

  static func batch(_ change: (inout Int) -> Void = { _ in }) throws -> BatchManifests {
    var completions = 4
    change(&completions)
    return try BatchManifests(
      name: ResourceName("site", option: "--name"), namespace: "plant", image: "registry.example.com/sonde:1",
      arguments: ["score", "/runs/site-{index}", "--if-new", "--cores-per-node", "2"],
      cron: "*/15 8-18 * * mon-fri",
      completions: completions, leavesOutMissed: true, volumes: ClaimMount.all(["runs:/runs"]), workers: 2)
  }

  @Test func theManifestsAreThoseOfTheFiles() throws {
    try check(Self.smallService().text, "service.yaml")
    try check(Self.wholeService().text, "service-whole.yaml")
    try check(Self.batch().text, "batch.yaml")
    try check(Containerfile.text + "\n", "Containerfile")
  }

  private func documents(_ text: String) throws -> [[String: Any]] {
    try text.components(separatedBy: "---\n").map {
      try #require(try Yams.load(yaml: $0) as? [String: Any], "\($0)")
    }
  }

  /// The value behind keys and indices.
  private func value(_ root: Any?, _ path: Any...) -> Any? {
    path.reduce(root) { value, step in
      if let key = step as? String { return (value as? [String: Any])?[key] }
      guard let index = step as? Int, let list = value as? [Any], list.indices.contains(index) else {
        return nil
      }
      return list[index]
    }
  }

  @Test func eachOptionMakesItsObject() throws {
    func kinds(_ service: ServiceManifests) throws -> [String] {
      try documents(service.text).compactMap { $0["kind"] as? String }
    }
    #expect(try kinds(Self.smallService()) == ["Deployment", "Service"])
    #expect(
      try kinds(Self.wholeService()) == [
        "Secret", "Deployment", "Service", "Ingress", "HorizontalPodAutoscaler",
      ])
    var service = try Self.smallService()
    service.keys = "{}"
    #expect(try kinds(service) == ["Secret", "Deployment", "Service"])
    service.keys = nil
    service.host = "a.example"
    #expect(try kinds(service) == ["Deployment", "Service", "Ingress"])
  }

  /// A service that is cut off before its drain is over would lose requests that it has accepted.
  @Test(arguments: [0, 1, 10, 3_600]) func aPodIsGivenLongerThanItsDrain(seconds: Int) throws {
    let service = try ServiceManifests(
      name: ResourceName("a", option: "--name"), namespace: nil, image: "a", arguments: ["serve"], port: 1,
      scale: .fixed(1), drainSeconds: seconds, threads: 1)
    let pod = value(try documents(service.text)[0], "spec", "template", "spec")
    let pause = value(pod, "containers", 0, "lifecycle", "preStop", "exec", "command", 1) as? String
    let grace = try #require(value(pod, "terminationGracePeriodSeconds") as? Int)
    #expect(grace > seconds + (try #require(pause.flatMap { Int($0) })))
  }

  /// An autoscaler owns the number of pods; a number in the Deployment would set it back at each change of the file.
  @Test func eitherTheDeploymentOrTheAutoscalerSaysHowManyPods() throws {
    #expect(value(try documents(Self.smallService().text)[0], "spec", "replicas") as? Int == 1)
    let whole = try documents(Self.wholeService().text)
    #expect(value(whole[1], "spec", "replicas") == nil)
    #expect(
      value(whole[4], "spec", "minReplicas") as? Int == 2
        && value(whole[4], "spec", "maxReplicas") as? Int == 8)
    // A share of what is requested, so something must be.
    #expect(
      value(whole[1], "spec", "template", "spec", "containers", 0, "resources", "requests", "cpu") as? String
        == "2")
  }

  @Test func numbersThatCannotBeAreRefused() {
    for scale in [
      ServiceManifests.Scale.fixed(0), .fixed(-1), .fixed(100_001), .between(least: 0, most: 2),
      .between(least: 3, most: 2),
      .between(least: 1, most: 100_001),
    ] {
      #expect(throws: ManifestError.self) {
        try ServiceManifests(
          name: ResourceName("a", option: "--name"), namespace: nil, image: "a", arguments: [], port: 1,
          scale: scale,
          drainSeconds: 1, threads: 1)
      }
    }
    for count in [0, -1, 100_001] { #expect(throws: ManifestError.self) { try Self.batch { $0 = count } } }
    #expect(throws: Never.self) { try Self.batch { $0 = 100_000 } }
  }

  @Test func namesOfFilesInCommentsAreOneWord() throws {
    var service = try Self.smallService()
    service.tls = .init(certificate: "it's here.pem\nkind: Pod", key: "$(rm -rf).pem")
    #expect(service.text.contains("--cert='it'\\''s here.pem?kind: Pod' --key='$(rm -rf).pem'"))
    #expect(try documents(service.text).count == 2)
  }
}
