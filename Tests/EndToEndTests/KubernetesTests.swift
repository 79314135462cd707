import Files
import Foundation
import MQTT
import Supervision
import TestSupport
import Testing

/// What the printed manifests have pods run is run here, word for word.
@Suite(.serialized) struct KubernetesTests {
  /// The service that is printed answers its own probes, takes its own keys, and ends in the time that it is given.
  @Test(.timeLimit(.minutes(30))) func aPodsServiceRunsAsItIsPrinted() async throws {
    try await ScoringRun.trained { run in
      let keys = "\(run.folder)/keys.json"
      let key = try await run.sonde(["keys", "create", keys, "--name", "tests"]).trimmingCharacters(
        in: .newlines)
      let port = Int(try ListeningPort.free())
      let manifests = try await KubernetesManifests([
        "serve", "--models", "\(run.folder)/models", "--listen", "127.0.0.1:\(port)", "--keys", keys,
        "--plain-http-with-keys", "--threads", "2", "--drain", "7s",
      ])
      let deployment = try manifests.object("Deployment")
      let pod = KubernetesManifests.value(deployment, "spec", "template", "spec")
      let container = KubernetesManifests.value(pod, "containers", 0)

      // The secret, where the pod would have it.
      let secret = try manifests.object("Secret")
      let mounts = try #require(KubernetesManifests.value(container, "volumeMounts") as? [[String: Any]])
      let mount = try #require(mounts.first { $0["name"] as? String == "keys" }?["mountPath"] as? String)
      let mounted = "\(run.folder)/mounted"
      try FileManager.default.createDirectory(atPath: mounted, withIntermediateDirectories: true)
      for (name, text) in try #require(secret["stringData"] as? [String: String]) {
        try text.write(toFile: "\(mounted)/\(name)", atomically: true, encoding: .utf8)
        chmod("\(mounted)/\(name)", 0o400)
      }
      #expect(!(secret["stringData"] as? [String: String] ?? [:]).values.contains { $0.contains(key) })

      let words = try KubernetesManifests.command(deployment["spec"]).map {
        $0.replacing(mount, with: mounted)
      }
      let service = try await Service.start(
        name: "pod", executable: SondeProgram.path, arguments: words, log: "\(run.folder)/pod.err")
      let lines = service.lines
      Task { for await _ in lines {} }
      func told() -> String { (try? TextFile.text(of: "\(run.folder)/pod.err")) ?? "" }
      while !told().contains("is served on") {
        try #require(Processes.state(of: service.processID) ?? "Z" != "Z", "\(told())")
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(told().contains("0.0.0.0:\(port)"), "\(told())")
      for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let path = try #require(KubernetesManifests.value(container, probe, "httpGet", "path") as? String)
        #expect(try RawClient(port: port).ask("GET", path).status == 200, "\(probe)")
      }
      #expect(KubernetesManifests.value(container, "ports", 0, "containerPort") as? Int == port)
      #expect(try RawClient(port: port).ask("GET", "/v2/models").status == 401)
      let asked = try RawClient(port: port).ask(
        "GET", "/v2/models", headers: ["Authorization": "Bearer \(key)"])
      #expect(asked.status == 200 && (asked.json["models"] as? [String])?.count == 6)
      let grace = try #require(KubernetesManifests.value(pod, "terminationGracePeriodSeconds") as? Int)
      #expect(grace > 7)
      #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 0))
    }
  }

  /// Each index of the printed job scores its own run, once; a time at which nothing is new is no fault.
  @Test(.timeLimit(.minutes(30))) func aPodsJobRunsAsItIsPrinted() async throws {
    try await ScoringRun.trained { run in
      // Both of Kubernetes' signs in a name: they must come through as they are.
      let runs = "\(run.folder)/of $(HOME) and $$"
      for index in 0..<2 {
        let own = "\(runs)/site-\(index)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        for name in ["sonde.sqlite", "models", "models.sqlite"]
        where FileManager.default.fileExists(atPath: "\(run.folder)/\(name)") {
          try FileManager.default.copyItem(atPath: "\(run.folder)/\(name)", toPath: "\(own)/\(name)")
        }
      }
      let manifests = try await KubernetesManifests([
        "schedule", "\(runs)/site-{index}", "--cron", "0 * * * *", "--completions", "2", "--cores-per-node",
        "2",
        "--set", "error_threshold=100", "--fail-on", "failed-rows", "--name", "site",
      ])
      let job = KubernetesManifests.value(try manifests.object("CronJob"), "spec", "jobTemplate", "spec")
      #expect(KubernetesManifests.value(job, "completions") as? Int == 2)
      for index in 0..<2 {
        let words = try KubernetesManifests.command(job, ["JOB_COMPLETION_INDEX": "\(index)"])
        let scored = try await SondeProgram.run(words)
        #expect(scored.status == 0, "\(scored.errors)")
        #expect(
          scored.output.contains("1722 windows scored, 0 failed: \(runs)/site-\(index)/"), "\(scored.output)")
        let again = try await SondeProgram.run(words)
        #expect(again.status == 0 && again.output.isEmpty, "\(again.errors)")
        #expect(again.errors.contains("nothing to do: everything visible"), "\(again.errors)")
        // What nobody has said is a fault as before.
        #expect(try await SondeProgram.run(words.filter { $0 != "--if-new" }).status == 64)
      }
    }
  }

  /// What `--if-new` forgives is that nothing is new, and nothing else.
  @Test(.timeLimit(.minutes(30))) func aRunWithoutModelsIsAFaultAlsoWhereNothingIsNew() async throws {
    try await ScoringRun.with { run in
      let outcome = try await SondeProgram.run(["score", run.folder, "--if-new"])
      #expect(outcome.status == 64 && outcome.errors.contains("run “sonde train” first"), "\(outcome.errors)")
      let file = try await SondeProgram.run([
        "score", "--input", "a.csv", "--models", "m", "--output", "o", "--if-new",
      ])
      #expect(file.status == 64 && file.errors.contains("takes none but"), "\(file.errors)")
    }
  }

  @Test func everyOptionOfTheServiceReachesThePod() async throws {
    let manifests = try await KubernetesManifests([
      "serve", "--endpoint", "/srv/a.yaml", "--run", "/srv/run", "--listen", "10.0.0.1:9000", "--tls-cert",
      "c", "--tls-key",
      "k", "--threads", "3", "--queue", "7", "--max-body-bytes", "1000", "--max-connections", "9", "--drain",
      "1m",
      "--access-log", "none", "--min-instances", "2", "--max-instances", "5", "--host", "a.example.com",
      "--volume",
      "claim:/srv", "--namespace", "plant",
    ])
    #expect(
      manifests.objects.compactMap { $0["kind"] as? String } == [
        "Deployment", "Service", "Ingress", "HorizontalPodAutoscaler",
      ])
    for object in manifests.objects {
      #expect(KubernetesManifests.value(object, "metadata", "namespace") as? String == "plant")
      #expect(KubernetesManifests.value(object, "metadata", "name") as? String == "a")
    }
    #expect(
      try KubernetesManifests.command(try manifests.object("Deployment")["spec"]) == [
        "serve", "--endpoint", "/srv/a.yaml", "--run", "/srv/run", "--listen", "0.0.0.0:9000", "--tls-cert",
        "/etc/sonde/tls/tls.crt", "--tls-key", "/etc/sonde/tls/tls.key", "--threads", "3", "--queue", "7",
        "--max-body-bytes", "1000", "--max-connections", "9", "--drain", "1m", "--access-log", "none",
      ])
  }

  @Test func everyOptionOfTheScheduleReachesThePod() async throws {
    let manifests = try await KubernetesManifests([
      "schedule", "/runs/a", "--cron", "5 4 * * *", "--endpoint", "/runs/e.yaml", "--deployment", "green",
      "--set",
      "error_threshold=1", "--set", "output_action=summary_only", "--mini-batch-size", "3", "--nodes", "2",
      "--cores-per-node", "3", "--compute", "local", "--metrics", "/runs/a.prom", "--fail-on", "failed-rows",
      "--format", "json", "--catchup", "none", "--concurrency-policy", "forbid", "--clock", "wall",
    ])
    let job = try manifests.object("CronJob")
    #expect(KubernetesManifests.value(job, "spec", "schedule") as? String == "5 4 * * *")
    #expect(KubernetesManifests.value(job, "spec", "startingDeadlineSeconds") as? Int == 60)
    let template = KubernetesManifests.value(job, "spec", "jobTemplate", "spec")
    #expect(
      KubernetesManifests.value(template, "template", "spec", "containers", 0, "resources", "requests", "cpu")
        as? String
        == "6")
    #expect(
      try KubernetesManifests.command(template) == [
        "score", "/runs/a", "--if-new", "--endpoint", "/runs/e.yaml", "--deployment", "green", "--set",
        "error_threshold=1", "--set", "output_action=summary_only", "--mini-batch-size", "3", "--nodes", "2",
        "--cores-per-node", "3", "--compute", "local", "--metrics", "/runs/a.prom", "--fail-on",
        "failed-rows",
        "--format", "json",
      ])
  }

  /// What cannot be had in Kubernetes is refused with its reason, and nothing is printed or started.
  @Test(arguments: [
    ("serve --models /m --kubernetes", "--kubernetes needs --image"),
    ("serve --models /m --kubernetes --image A", "is no name of an image"),
    ("serve --models m --kubernetes --image a", "a path of the container"),
    ("serve --models /m --endpoint /e --kubernetes --image a", "give either --endpoint"),
    ("serve --kubernetes --image a", "give either --endpoint"),
    ("serve --models /m --kubernetes --containerfile", "either --kubernetes or --containerfile"),
    ("serve --models /m --listen unix:/s --kubernetes --image a", "by a port"),
    ("serve --models /m --listen 127.0.0.1:0 --kubernetes --image a", "by a port"),
    ("serve --models /m --folder f --kubernetes --image a", "haproxy"),
    ("serve --models /m --address-file f --kubernetes --image a", "--address-file"),
    ("serve --models /m --access-log f --kubernetes --image a", "--access-log"),
    ("serve --models /m --keys k --kubernetes --image a", "between the Ingress and the pods"),
    ("serve --models /m --keys /nowhere/k --plain-http-with-keys --kubernetes --image a", "/nowhere/k"),
    ("serve --models /m --tls-cert c --kubernetes --image a", "need each other"),
    ("serve --models /m --replicas 2 --max-instances 3 --kubernetes --image a", "give either --replicas"),
    ("serve --models /m --min-instances 0 --max-instances 3 --kubernetes --image a", "at least one pod"),
    ("serve --models /m --threads 0 --kubernetes --image a", "--threads is 0"),
    ("serve --models /m --name M --kubernetes --image a", "such as m"),
    ("serve --models /… --kubernetes --image a", "give --name"),
    ("serve --models /m --namespace M --kubernetes --image a", "--namespace"),
    ("serve --models /m --host M --kubernetes --image a", "--host"),
    ("serve --models /m --volume m --kubernetes --image a", "--volume"),
    ("serve --models /m --host a.example", "--host belongs to --kubernetes"),
    ("serve --models /m --image a", "--image belongs to --kubernetes"),
    ("schedule /r --kubernetes --image a", "--cron"),
    ("schedule /r --cron x --kubernetes --image a", "cron"),
    ("schedule /r --cron 0_0_*_*_7 --kubernetes --image a", "Sunday"),
    ("schedule r --cron 0_*_*_*_* --kubernetes --image a", "a path of the container"),
    ("schedule /r --every 5m --kubernetes --image a", "--cron alone"),
    ("schedule /r --cron 0_*_*_*_* --from 2026-01-01T00:00:00Z --kubernetes --image a", "--from"),
    ("schedule /r --cron 0_*_*_*_* --train-to 2026-01-01T00:00:00Z --kubernetes --image a", "trains nothing"),
    ("schedule /r --cron 0_*_*_*_* --nu 0.1 --kubernetes --image a", "trains nothing"),
    ("schedule /r --cron 0_*_*_*_* --clock watermark --kubernetes --image a", "--clock"),
    ("schedule /r --cron 0_*_*_*_* --concurrency-policy replace --kubernetes --image a", "forbid"),
    ("schedule /r --cron 0_*_*_*_* --catchup all --kubernetes --image a", "--catchup"),
    ("schedule /r --cron 0_*_*_*_* --until-stdin-closes --kubernetes --image a", "standard input"),
    ("schedule /r --cron 0_*_*_*_* --config c --kubernetes --image a", "--config"),
    ("schedule /r --cron 0_*_*_*_* --compute slurm --kubernetes --image a", "--compute"),
    ("schedule /r --cron 0_*_*_*_* --set a=b --kubernetes --image a", "a=b"),
    ("schedule /r --cron 0_*_*_*_* --nodes 0 --kubernetes --image a", "nodes"),
    ("schedule /r --cron 0_*_*_*_* --completions 2 --kubernetes --image a", "{index}"),
    ("schedule /r{index} --cron 0_*_*_*_* --completions 0 --kubernetes --image a", "--completions is 0"),
    ("schedule /r --cron 0_*_*_*_* --completions 2", "--completions belongs to --kubernetes"),
  ]) func whatKubernetesDoesNotHaveIsRefused(line: String, reason: String) async throws {
    let words = line.split(separator: " ").map { String($0.replacing("_", with: " ")) }
    let outcome = try await SondeProgram.run(words)
    #expect(outcome.status == 64 && outcome.output.isEmpty, "\(line): \(outcome.status) \(outcome.output)")
    #expect(outcome.errors.contains(reason), "\(line): \(outcome.errors)")
  }

  /// The image has the libraries that the program asks for, by the names of the Debian that it is made from.
  @Test func theImageHasTheLibrariesOfTheProgram() async throws {
    let printed = try await SondeProgram.run(["serve", "--containerfile"])
    #expect(printed.status == 0 && printed.errors.isEmpty)
    let other = try await SondeProgram.run(["schedule", "/runs/a", "--containerfile"])
    #expect(other.output == printed.output)
    // What `ldd` does.
    let libraries = try await SondeProgram.run([], environment: ["LD_TRACE_LOADED_OBJECTS": "1"]).output
    let packages = [
      "libmosquitto.so.1": "libmosquitto1", "libsqlite3.so.0": "libsqlite3-0", "libsvm.so.3": "libsvm3",
      "libmicrohttpd.so.12": "libmicrohttpd12", "libcrypto.so.3": "libssl3",
    ]
    for (library, package) in packages {
      #expect(libraries.contains(library), "the program needs \(library) no longer")
      #expect(printed.output.contains(" \(package) "), "\(package)")
    }
    // What a package of `.ci/setup` has headers for is needed when the program runs.
    let setup = try TextFile.text(of: "\(SondeProgram.packageRoot)/.ci/setup")
    let headers = try #require(setup.firstMatch(of: /packages=\(([^)]*)\)/)).1.matches(of: /lib\S+-dev/)
    #expect(headers.count == packages.count, "a library of .ci/setup may be missing in the image")
  }
}
