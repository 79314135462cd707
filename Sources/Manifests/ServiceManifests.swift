/// A scoring service as Kubernetes runs it: pods of one process each, found by one address, more of them when they are busy.
package struct ServiceManifests: Sendable {
  /// How many pods there are.
  package enum Scale: Hashable, Sendable {
    case fixed(Int)
    case between(least: Int, most: Int)

    /// Throws ``ManifestError`` where the numbers cannot be.
    func check() throws(ManifestError) {
      switch self {
      case .fixed(let count):
        guard (1...ManifestDefaults.mostPods).contains(count) else {
          throw ManifestError("--replicas is \(count); there are 1 to \(ManifestDefaults.mostPods) pods")
        }
      case .between(let least, let most):
        guard least >= 1, most >= least, most <= ManifestDefaults.mostPods else {
          throw ManifestError(
            "--min-instances \(least) and --max-instances \(most): there is at least one pod, since nobody else answers, and at most "
              + "\(ManifestDefaults.mostPods)")
        }
      }
    }
  }

  /// The files of a certificate, as the person has them who prints the manifests; they become a Secret by hand.
  package struct CertificateFiles: Hashable, Sendable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  package let name: ResourceName
  package let namespace: String?
  package let image: String
  /// Behind `sonde`, with paths of the container.
  package let arguments: [String]
  package let port: Int
  package let scale: Scale
  /// Under which name clients outside the cluster find the service; nil for none of them.
  package var host: String?
  /// The text of the file of keys; nil where everybody may ask.
  package var keys: String?
  /// Nil where the pods speak plain HTTP.
  package var tls: CertificateFiles?
  package var volumes: [ClaimMount] = []
  /// How long requests may go on after SIGTERM, in whole seconds.
  package let drainSeconds: Int
  /// How many threads answer long requests.
  package let threads: Int

  /// Throws ``ManifestError`` where `scale` cannot be.
  package init(
    name: ResourceName, namespace: String?, image: String, arguments: [String], port: Int, scale: Scale,
    drainSeconds: Int, threads: Int
  ) throws(ManifestError) {
    try scale.check()
    self.name = name
    self.namespace = namespace
    self.image = image
    self.arguments = arguments
    self.port = port
    self.scale = scale
    self.drainSeconds = drainSeconds
    self.threads = threads
  }

  var keySecret: String { "\(name)-keys" }
  var podCertificate: String { "\(name)-pod-tls" }
  var hostCertificate: String { "\(name)-tls" }

  /// The objects in the order in which they are made.
  package var objects: [YAMLValue] {
    var objects: [YAMLValue] = []
    if let keys { objects.append(secret(keys)) }
    objects += [deployment, service]
    if let host { objects.append(ingress(host)) }
    if case .between(let least, let most) = scale { objects.append(autoscaler(least, most)) }
    return objects
  }

  /// The manifests as text, with what is to be done by hand before them.
  package var text: String { ManifestText.of(objects, preface: preface) }

  private var preface: [String] {
    let place = namespace.map { " --namespace \($0)" } ?? ""
    var lines = [
      "A scoring service, printed by “sonde serve --kubernetes”. Kubernetes' schemas allow it; nobody has run it. Use it with:",
      "  kubectl apply -f FILE",
    ]
    if let tls {
      lines += [
        "The certificate of the pods, once:",
        "  kubectl create secret tls \(podCertificate)\(place) --cert=\(ManifestText.word(tls.certificate)) --key=\(ManifestText.word(tls.key))",
      ]
    }
    if let host {
      lines += [
        "The certificate of \(host), once (cert-manager can do it as well):",
        "  kubectl create secret tls \(hostCertificate)\(place) --cert=FILE --key=FILE",
      ]
    }
    if !volumes.isEmpty {
      lines.append(
        "Claims that must be there: \(volumes.map(\.claim).joined(separator: ", ")). Pods on several nodes need the access mode "
          + "ReadOnlyMany or ReadWriteMany.")
    }
    return lines
  }

  // MARK: - Objects

  private func metadata(_ name: String) -> YAMLValue {
    PodTemplate.metadata(name, namespace, self.name, .service)
  }

  private func secret(_ keys: String) -> YAMLValue {
    [
      "apiVersion": "v1",
      "kind": "Secret",
      "metadata": metadata(keySecret),
      "type": "Opaque",
      "stringData": [
        "keys.json": .block(keys).commented(
          "Digests of keys, as “sonde keys” makes them; the keys themselves stand nowhere.")
      ],
    ]
  }

  private var deployment: YAMLValue {
    var spec: [YAMLValue.Entry] = []
    // With an autoscaler, applying the file again must not undo what that has done.
    if case .fixed(let count) = scale { spec.append(YAMLValue.Entry("replicas", .number(count))) }
    spec += [
      YAMLValue.Entry("selector", ["matchLabels": PodTemplate.labels(name, .service)]),
      YAMLValue.Entry(
        "strategy",
        ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 0, "maxSurge": 1]]),
      YAMLValue.Entry("template", pod.value),
    ]
    return [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("\(name)"), "spec": .map(spec),
    ]
  }

  private var pod: PodTemplate {
    var pod = PodTemplate(
      name: name, component: .service, image: image, arguments: PodArguments.escaped(arguments),
      volumes: volumes, readsOnly: true, cpu: "\(max(ManifestDefaults.serverThreads, threads))",
      memory: ManifestDefaults.serviceMemory)
    if keys != nil { pod.secrets.append(("keys", keySecret, ContainerPaths.keys)) }
    if tls != nil { pod.secrets.append(("tls", podCertificate, ContainerPaths.tls)) }
    pod.containerKeys = [
      YAMLValue.Entry("ports", [["name": "http", "containerPort": .number(port)]]),
      YAMLValue.Entry(
        "startupProbe",
        probe(
          "live", every: ManifestDefaults.startUpLookSeconds, timeout: 5,
          failures: ManifestDefaults.startUpLooks
        ).commented("Until it lives: models are read first, and a script makes its environment.")),
      YAMLValue.Entry("readinessProbe", probe("ready", every: 5, timeout: 5, failures: 2)),
      YAMLValue.Entry("livenessProbe", probe("live", every: 10, timeout: 5, failures: 3)),
      YAMLValue.Entry(
        "lifecycle",
        [
          "preStop": YAMLValue.map([
            YAMLValue.Entry(
              "exec", ["command": ["sleep", .text("\(ManifestDefaults.farewellSeconds)")]])
          ]).commented("Whoever does not know yet that this pod goes sends it requests meanwhile.")
        ]),
    ]
    let grace = ManifestDefaults.farewellSeconds + drainSeconds + ManifestDefaults.graceSeconds
    pod.podKeys = [
      YAMLValue.Entry(
        "terminationGracePeriodSeconds",
        .number(grace).commented(
          "\(ManifestDefaults.farewellSeconds) s of the pause before its end, \(drainSeconds) s of --drain, and "
            + "\(ManifestDefaults.graceSeconds) s."))
    ]
    return pod
  }

  private func probe(_ path: String, every seconds: Int, timeout: Int, failures: Int) -> YAMLValue {
    [
      "httpGet": [
        "path": .text("/v2/health/\(path)"), "port": "http", "scheme": tls == nil ? "HTTP" : "HTTPS",
      ],
      "periodSeconds": .number(seconds),
      "timeoutSeconds": .number(timeout),
      "failureThreshold": .number(failures),
    ]
  }

  private var service: YAMLValue {
    [
      "apiVersion": "v1",
      "kind": "Service",
      "metadata": metadata("\(name)"),
      "spec": [
        "selector": PodTemplate.labels(name, .service),
        "ports": [
          [
            "name": "http", "port": .number(servicePort), "targetPort": "http",
            "appProtocol": tls == nil ? "http" : "https",
          ]
        ],
      ],
    ]
  }

  private var servicePort: Int { tls == nil ? 80 : 443 }

  private func ingress(_ host: String) -> YAMLValue {
    [
      "apiVersion": "networking.k8s.io/v1",
      "kind": "Ingress",
      "metadata": metadata("\(name)"),
      "spec": [
        "tls": [["hosts": [.text(host)], "secretName": .text(hostCertificate)]],
        "rules": [
          [
            "host": .text(host),
            "http": [
              "paths": [
                [
                  "path": "/", "pathType": "Prefix",
                  "backend": ["service": ["name": .text("\(name)"), "port": ["name": "http"]]],
                ]
              ]
            ],
          ]
        ],
      ],
    ]
  }

  private func autoscaler(_ least: Int, _ most: Int) -> YAMLValue {
    [
      "apiVersion": "autoscaling/v2",
      "kind": "HorizontalPodAutoscaler",
      "metadata": metadata("\(name)"),
      "spec": [
        "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": .text("\(name)")],
        "minReplicas": .number(least),
        "maxReplicas": .number(most),
        "metrics": [
          [
            "type": "Resource",
            "resource": [
              "name": "cpu",
              "target": [
                "type": "Utilization",
                "averageUtilization": .number(ManifestDefaults.utilization).commented(
                  "Percent of the processors that a pod requests."),
              ],
            ],
          ]
        ],
        "behavior": [
          "scaleDown": ["stabilizationWindowSeconds": .number(ManifestDefaults.stabilizationSeconds)]
        ],
      ],
    ]
  }
}
