// swift-tools-version: 6.2
import PackageDescription

// Targets are listed by layer, lowest first. A module imports only from the layers below it;
// the table in ARCHITECTURE.md says the same and a test holds the code to it.

let wording: Target.Dependency = "Wording"
let telemetry: Target.Dependency = "Telemetry"
let files: Target.Dependency = "Files"
let exactArithmetic: Target.Dependency = "ExactArithmetic"
let supervision: Target.Dependency = "Supervision"

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let rainbow = Target.Dependency.product(name: "Rainbow", package: "Rainbow")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
  name: "sonde",
  products: [.executable(name: "sonde", targets: ["sonde"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    // Without its traits, of which nothing is needed: two of them reach the compiler in an order that changes from run to run,
    // and it would be compiled again and again.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // Layer 0: C, and words
    .systemLibrary(
      name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CSVM", providers: [.apt(["libsvm-dev"])]),
    .systemLibrary(
      name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CKernels"),
    .target(name: "CFaultVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "Wording"),

    // Layer 1: values, files, processes
    .target(name: "Telemetry", dependencies: [wording]),
    .target(name: "ExactArithmetic"),
    .target(name: "Files", dependencies: ["CLinux", "CCrypto", wording]),
    .target(name: "Supervision", dependencies: ["CLinux", wording, subprocess, systemPackage]),

    .target(name: "Charts", dependencies: [wording]),
    .target(name: "Manifests", dependencies: [wording]),
    .target(name: "Pages", dependencies: [wording]),

    // Layer 2: one technique each
    .target(
      name: "OneClassSVM", dependencies: ["CSVM", "CKernels", files, wording, exactArithmetic, protobuf],
      exclude: ["ONNX/onnx.proto"]),
    .target(
      name: "HTTP",
      dependencies: [
        "CMicroHTTPD", "CCrypto", "CLinux", telemetry, files, supervision, wording, systemPackage,
      ]),
    .target(name: "MQTT", dependencies: ["CMosquitto", "CLinux", supervision, files, wording]),
    .target(
      name: "WindowStore",
      dependencies: ["CFaultVFS", telemetry, files, supervision, wording, grdb, grdbSQLite]),
    .target(
      name: "Compute", dependencies: [telemetry, supervision, files, wording, subprocess, systemPackage]),
    .target(name: "Detection", dependencies: [telemetry, files, wording]),
    .target(name: "Documents", dependencies: [telemetry, files, wording, yams]),
    .target(name: "PayloadMapping", dependencies: [telemetry, wording]),
    .target(name: "Sparkplug", dependencies: [telemetry, wording]),

    // Layer 3: the parts of the pipeline
    .target(
      name: "DeviceFleet",
      dependencies: [
        telemetry, files, supervision, wording, "MQTT", "PayloadMapping", "Sparkplug", histogram,
      ]),
    .target(
      name: "Ingestion",
      dependencies: [
        telemetry, files, supervision, wording, exactArithmetic, "MQTT", "WindowStore", "PayloadMapping",
        "Sparkplug",
        histogram, logging,
      ]),
    .target(
      name: "Modelling",
      dependencies: [
        telemetry, files, supervision, wording, "CLinux", "OneClassSVM", "WindowStore", "Compute", grdb,
        grdbSQLite, subprocess, systemPackage,
      ],
      // Python files are part of the program, which is one file.
      resources: [
        .embedInCode("Scripts/Python/driver.py"), .embedInCode("Scripts/Python/onnx_model.py"),
        .embedInCode("Scripts/Python/mlflow_model.py"),
      ]),

    .target(
      name: "RealTimeScoring",
      dependencies: [
        telemetry, files, supervision, wording, "HTTP", "OneClassSVM", "WindowStore", "Modelling", "Compute",
        histogram,
      ]),

    .target(name: "ClusterModel", dependencies: [telemetry, files, wording, "Compute"]),

    .target(name: "Discovery", dependencies: [telemetry, wording, "PayloadMapping"]),

    .target(name: "DetectionCharts", dependencies: [telemetry, wording, "Charts", "Detection"]),

    // Layer 4
    .target(
      name: "BatchScoring",
      dependencies: [
        telemetry, files, supervision, wording, "OneClassSVM", "WindowStore", "Compute", "Detection",
        "Documents",
        "Modelling",
        "ClusterModel", grdb,
      ]),

    .target(
      name: "HTTPLoad",
      dependencies: [
        "CLinux", telemetry, files, supervision, wording, "OneClassSVM", "WindowStore", "Modelling",
        histogram,
      ]),

    // Layer 5
    .target(
      name: "StreamScoring",
      dependencies: [
        "CLinux", telemetry, files, supervision, wording, "WindowStore", "Modelling", "HTTPLoad",
      ]
    ),

    .target(name: "ClusterCharts", dependencies: [files, wording, "Charts", "ClusterModel", "Compute"]),

    // Layer 5
    .target(
      name: "Verdict",
      dependencies: [
        telemetry, files, wording, exactArithmetic, "OneClassSVM", "WindowStore", "Compute", "Detection",
        "Documents",
        "PayloadMapping", "Sparkplug", "DeviceFleet", "Ingestion", "Modelling", "ClusterModel",
        "ClusterCharts",
        "BatchScoring",
        "HTTPLoad",
      ]),

    .target(
      name: "Alarms",
      dependencies: [
        telemetry, files, wording, "OneClassSVM", "MQTT", "WindowStore", "Detection", "Modelling",
        "BatchScoring",
      ]),

    // Layer 6
    .target(
      name: "Scenario",
      dependencies: [
        telemetry, files, wording, "OneClassSVM", "MQTT", "WindowStore", "Compute", "Documents",
        "PayloadMapping", "Sparkplug",
        "DeviceFleet", "Ingestion", "Modelling", "ClusterModel", "BatchScoring", "RealTimeScoring",
        "HTTPLoad", "StreamScoring",
        "Verdict",
      ],
      // Presets are files as people write them, and part of the program, which is one file.
      resources: [
        "tasmota", "zigbee2mqtt", "shelly-gen2", "home-assistant-statestream", "the-things-stack",
        "chirpstack", "azure-iot-hub", "aws-iot-shadow", "influx-line-protocol", "telegraf-json",
      ].map { .embedInCode("Payloads/Presets/\($0).yaml") }),

    .target(name: "LoadCharts", dependencies: ["Charts", "Verdict"]),

    // Layer 7
    .target(
      name: "HTMLReport",
      dependencies: [
        telemetry, files, wording, "Charts", "Pages", "WindowStore", "Detection", "DetectionCharts",
        "BatchScoring", "ClusterModel", "ClusterCharts", "Verdict", "LoadCharts", grdb,
      ]),

    // Layer 8
    .target(
      name: "Harness",
      dependencies: [
        telemetry, files, supervision, wording, "CMosquitto", "OneClassSVM", "HTTP", "MQTT", "WindowStore",
        "Compute", "Detection", "DeviceFleet", "Ingestion", "Modelling", "ClusterModel", "ClusterCharts",
        "BatchScoring",
        "RealTimeScoring", "HTTPLoad", "StreamScoring",
        "Verdict", "Scenario", "LoadCharts", "HTMLReport", grdbSQLite,
      ]),

    .target(
      name: "Service",
      dependencies: [
        "CLinux", telemetry, files, supervision, wording, "OneClassSVM", "HTTP", "Compute", "Documents",
        "Modelling",
        "WindowStore", "BatchScoring", "Scenario", "Pages", "HTMLReport", subprocess, systemPackage,
      ]),

    // Layer 9: the command line. With Swift's runtime inside, it starts faster, as every worker does, and runs on nodes of a
    // cluster that have no Swift. No other setting of a package says so. The linker is the toolchain's own; the system's warns of
    // a call in Foundation. Tests cannot be linked so, and run the program without depending on it.
    .executableTarget(
      name: "sonde",
      dependencies: [
        telemetry, files, supervision, wording, "OneClassSVM", "MQTT", "WindowStore", "Compute", "Detection",
        "DetectionCharts", "Documents", "PayloadMapping", "Sparkplug", "DeviceFleet", "Ingestion",
        "Modelling",
        "ClusterModel",
        "ClusterCharts", "Discovery", "BatchScoring", "HTTP", "RealTimeScoring", "HTTPLoad",
        "StreamScoring", "Alarms",
        "Verdict",
        "Scenario", "Manifests", "HTMLReport",
        "Harness", "Service",
        argumentParser, logging, rainbow, subprocess, systemPackage,
      ],
      swiftSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))],
      linkerSettings: [.unsafeFlags(["-static-stdlib", "-use-ld=lld"], .when(configuration: .release))]),

    // Beside the product: pictures for the pages
    .executableTarget(
      name: "gallery", dependencies: [telemetry, files, "DeviceFleet", argumentParser], path: "Tools/gallery"),

    // Benchmarks
    .executableTarget(
      name: "svm-benchmark", dependencies: ["OneClassSVM", "CSVM"], path: "Benchmarks/svm/svm-benchmark"),
    .executableTarget(
      name: "batch-benchmark",
      dependencies: [telemetry, files, "OneClassSVM", "WindowStore", "Modelling", "BatchScoring"],
      path: "Benchmarks/batch/batch-benchmark"),

    .executableTarget(
      name: "cluster-benchmark", dependencies: [telemetry, "Compute", "ClusterModel"],
      path: "Benchmarks/cluster/cluster-benchmark"),

    .executableTarget(
      name: "payload-benchmark", dependencies: [telemetry, "PayloadMapping"],
      path: "Benchmarks/payloads/payload-benchmark"),

    // Tests: a target a module, and EndToEnd on the built binary with a real broker and database
    .target(
      name: "TestSupport", dependencies: [supervision, files, "MQTT", subprocess, systemPackage],
      path: "Tests/TestSupport"),
    .testTarget(name: "WordingTests", dependencies: [wording]),
    .testTarget(name: "TelemetryTests", dependencies: [telemetry]),
    .testTarget(name: "ExactArithmeticTests", dependencies: [exactArithmetic, telemetry]),
    .testTarget(name: "FilesTests", dependencies: [files, "TestSupport"]),
    .testTarget(
      name: "ManifestsTests", dependencies: ["Manifests", telemetry, yams], exclude: ["Golden"]),
    .testTarget(name: "PagesTests", dependencies: ["Pages", "TestSupport"]),
    .testTarget(
      name: "HTMLReportTests",
      dependencies: [
        "HTMLReport", "Pages", "Charts", "Detection", "BatchScoring", "Verdict", "WindowStore", "TestSupport",
        grdb,
        telemetry, files,
      ]),
    .testTarget(name: "SupervisionTests", dependencies: [supervision, files, "TestSupport"]),
    .testTarget(
      name: "OneClassSVMTests", dependencies: ["OneClassSVM", "CKernels", "CSVM", telemetry, files],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "HTTPTests",
      dependencies: ["HTTP", "TestSupport", telemetry, files, subprocess, systemPackage]),
    .testTarget(name: "MQTTTests", dependencies: ["MQTT", "TestSupport", supervision]),
    .testTarget(
      name: "WindowStoreTests",
      dependencies: ["WindowStore", "CFaultVFS", "TestSupport", telemetry, grdb, grdbSQLite]),
    .testTarget(name: "ComputeTests", dependencies: ["Compute", "TestSupport", telemetry]),
    .testTarget(
      name: "DetectionTests",
      dependencies: ["Detection", "DetectionCharts", "TestSupport", telemetry, files],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "DiscoveryTests",
      dependencies: ["Discovery", "PayloadMapping", "Scenario", "TestSupport", telemetry, wording, yams]),
    .testTarget(name: "DeviceFleetTests", dependencies: ["DeviceFleet", "Detection", telemetry, files]),
    .testTarget(name: "SparkplugTests", dependencies: ["Sparkplug", "TestSupport", telemetry]),
    .testTarget(
      name: "PayloadMappingTests", dependencies: ["PayloadMapping", telemetry]),
    .testTarget(
      name: "IngestionTests",
      dependencies: [
        "Ingestion", "MQTT", "WindowStore", "Sparkplug", "PayloadMapping", "TestSupport", telemetry, files,
        exactArithmetic,
      ]),
    .testTarget(
      name: "ModellingTests",
      dependencies: ["TestSupport", "Modelling", "OneClassSVM", "WindowStore", telemetry, files]),
    .testTarget(
      name: "ClusterModelTests", dependencies: ["ClusterModel", "Compute", "TestSupport", telemetry, files]),
    .testTarget(
      name: "ClusterChartsTests",
      dependencies: [
        "TestSupport", "ClusterCharts", "LoadCharts", "DetectionCharts", "Detection", "Verdict", "Charts",
        "ClusterModel", "Compute",
        telemetry,
      ],
      exclude: ["Golden"]),
    .testTarget(
      name: "BatchScoringTests",
      dependencies: [
        "TestSupport", "BatchScoring", "Modelling", "Compute", "OneClassSVM", "WindowStore", telemetry, files,
      ]),
    .testTarget(
      name: "RealTimeScoringTests",
      dependencies: [
        "TestSupport", "RealTimeScoring", "HTTP", "OneClassSVM", "Modelling", telemetry, files, supervision,
      ],
      exclude: ["Replicas/stand_in_replica.py"]),
    .testTarget(
      name: "StreamScoringTests",
      dependencies: [
        "StreamScoring", "WindowStore", "Modelling", "OneClassSVM", "HTTPLoad", "TestSupport", telemetry,
        files,
        supervision, grdb,
      ]),
    .testTarget(
      name: "HTTPLoadTests",
      dependencies: ["HTTPLoad", "TestSupport", telemetry, files, supervision, histogram]),
    .testTarget(
      name: "VerdictTests",
      dependencies: [
        "HTTPLoad",
        "Verdict", "Compute", "BatchScoring", "Modelling", "DeviceFleet", "Ingestion", "WindowStore",
        "Detection", "OneClassSVM",
        "TestSupport",
        telemetry, files, grdb,
      ]),
    .testTarget(
      name: "AlarmsTests",
      dependencies: [
        "Alarms", "Detection", "Modelling", "OneClassSVM", "WindowStore", "DeviceFleet", "Scenario",
        telemetry,
      ]),
    .testTarget(
      name: "ScenarioTests",
      dependencies: [
        "HTTPLoad",
        "Scenario", "Harness", "Documents", "PayloadMapping", "DeviceFleet", "Ingestion", "Modelling",
        "BatchScoring",
        "RealTimeScoring", "StreamScoring",
        "Verdict", "Compute", "MQTT", "WindowStore", "TestSupport", telemetry, files, wording,
      ],
      exclude: ["PayloadMessages"]),
    .testTarget(
      name: "HarnessTests",
      dependencies: [
        "Harness", "Scenario", "Verdict", "DeviceFleet", "Ingestion", "StreamScoring", "WindowStore",
        "TestSupport", telemetry,
        files,
        supervision,
      ]),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "TestSupport", "Service", "Documents", "HTTP", "OneClassSVM", "WindowStore", "BatchScoring",
        "Compute", "Modelling", telemetry, files, supervision,
      ]),
    .testTarget(name: "HouseTests", dependencies: ["TestSupport", telemetry]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", telemetry, files, supervision, "Ingestion", "MQTT", "WindowStore", "Detection",
        subprocess,
        systemPackage, grdb, yams,
      ]),
  ]
)
