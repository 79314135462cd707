/// What services and batch jobs have in common as pods.
struct PodTemplate {
  /// What a pod is for: the label by which a service finds its own.
  enum Component: String {
    case service = "scoring-service"
    case batch = "batch-scoring"
  }

  var name: ResourceName
  var component: Component
  var image: String
  /// Behind `sonde`, as Kubernetes wants them.
  var arguments: [String]
  var volumes: [ClaimMount]
  /// Whether the volumes are only read.
  var readsOnly: Bool
  var cpu: String
  var memory: (request: String, limit: String)
  /// A secret that is mounted, and where.
  var secrets: [(volume: String, secret: String, path: String)] = []
  /// More keys of the container and of the pod.
  var containerKeys: [YAMLValue.Entry] = []
  var podKeys: [YAMLValue.Entry] = []

  static func labels(_ name: ResourceName, _ component: Component) -> YAMLValue {
    [
      "app.kubernetes.io/name": "sonde", "app.kubernetes.io/instance": .text("\(name)"),
      "app.kubernetes.io/component": .text(component.rawValue),
    ]
  }

  /// The metadata of an object.
  static func metadata(
    _ name: String, _ namespace: String?, _ owner: ResourceName, _ component: Component
  ) -> YAMLValue {
    [
      "name": .text(name), "namespace": namespace.map { .text($0) } ?? .absent,
      "labels": labels(owner, component),
    ]
  }

  var value: YAMLValue {
    [
      "metadata": ["labels": Self.labels(name, component)],
      "spec": .map(
        podKeys + [
          // It asks nothing of Kubernetes, and so has no key to it.
          YAMLValue.Entry("automountServiceAccountToken", false),
          YAMLValue.Entry("enableServiceLinks", false),
          YAMLValue.Entry("securityContext", podSecurity),
          YAMLValue.Entry("containers", [container]),
          YAMLValue.Entry("volumes", volumeList),
        ]),
    ]
  }

  private var podSecurity: YAMLValue {
    [
      "runAsNonRoot": true,
      "runAsUser": .number(ManifestDefaults.userID),
      "runAsGroup": .number(ManifestDefaults.userID),
      "fsGroup": .number(ManifestDefaults.userID).commented(
        "Volumes and secrets belong to this group, which is the program's own."),
      // Without it, all files of a volume change their group at each start.
      "fsGroupChangePolicy": "OnRootMismatch",
      "seccompProfile": ["type": "RuntimeDefault"],
    ]
  }

  private var container: YAMLValue {
    .map(
      [
        YAMLValue.Entry("name", "sonde"),
        YAMLValue.Entry("image", .text(image)),
        YAMLValue.Entry("command", ["sonde"]),
        YAMLValue.Entry("args", .list(arguments.map { .text($0) })),
        // Where a script's Python environment is made: the root file system is read alone.
        YAMLValue.Entry("env", [["name": "HOME", "value": "/tmp"]]),
      ] + containerKeys + [
        YAMLValue.Entry(
          "resources",
          [
            "requests": ["cpu": .text(cpu), "memory": .text(memory.request)],
            "limits": ["memory": .text(memory.limit)],
          ]),
        YAMLValue.Entry(
          "securityContext",
          [
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": ["drop": ["ALL"]],
          ]),
        YAMLValue.Entry("volumeMounts", mounts),
      ])
  }

  private var mounts: YAMLValue {
    var list: [YAMLValue] = [["name": "tmp", "mountPath": "/tmp"]]
    list += secrets.map {
      ["name": .text($0.volume), "mountPath": .text($0.path), "readOnly": true]
    }
    list += volumes.enumerated().map { index, mount in
      [
        "name": .text("volume-\(index)"), "mountPath": .text(mount.path),
        "readOnly": .flag(true).only(if: readsOnly),
      ]
    }
    return .list(list)
  }

  private var volumeList: YAMLValue {
    var list: [YAMLValue] = [
      ["name": "tmp", "emptyDir": ["sizeLimit": .text(ManifestDefaults.temporarySize)]]
    ]
    list += secrets.map {
      [
        "name": .text($0.volume),
        "secret": [
          "secretName": .text($0.secret),
          "defaultMode": YAMLValue.number(0o400).commented(
            "256 is 0400, to which Kubernetes adds that the group may read: root's file, 0440."),
        ],
      ]
    }
    list += volumes.enumerated().map { index, mount in
      [
        "name": .text("volume-\(index)"),
        "persistentVolumeClaim": [
          "claimName": .text(mount.claim), "readOnly": .flag(true).only(if: readsOnly),
        ],
      ]
    }
    return .list(list)
  }
}
