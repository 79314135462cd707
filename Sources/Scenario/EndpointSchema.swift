import BatchScoring
import Compute
import Documents
import Modelling

/// The keys of an endpoint file, in the words of Azure ML where it has them.
enum EndpointSchema {
  typealias Mapping = Schema.Mapping
  typealias Key = Schema.Key

  static let endpoint = Mapping(
    name: "endpoint",
    keys: [
      Key(name: "name", kind: .identifier, about: "Letters, digits, dots, dashes.", isRequired: true),
      Key(
        name: "default_deployment", kind: .text,
        about: "The deployment that jobs use. Can be left out where there is one only."),
      Key(name: "compute", kind: .object(compute), about: "Where jobs run. Default: local, with one node."),
      Key(
        name: "traffic", kind: .shares(names: .identifier),
        about:
          "For “sonde serve”: which share of the requests each deployment gets, in percent, 100 in all. Default: all go to the default."
      ),
      Key(
        name: "deployments", kind: .map(deployment, names: .identifier, isNothingAllowed: true),
        about: "The deployments, by their names.",
        isRequired: true),
    ])

  static let compute = Mapping(
    name: "compute", keys: ScenarioSchema.compute.keys, exactlyOneOf: [["local", "slurm"]])

  static let code = Mapping(
    name: "code_configuration",
    keys: [
      Key(
        name: "code", kind: .text, about: "The folder of the script, relative to this file.", isRequired: true
      ),
      Key(
        name: "scoring_script", kind: .text,
        about: "The script in it: Python with init() and run(mini_batch), or another program.",
        isRequired: true),
    ])

  static let environment = Mapping(
    name: "environment",
    keys: [
      Key(name: "python", kind: .text, about: "The interpreter. Default: python3."),
      Key(
        name: "requirements", kind: .text,
        about: "A file for pip, from which a virtual environment is made once and kept."),
    ])

  static let memory = Schema.Form(
    pattern: "^\(Schema.Form.decimal)([kKMGT]?B|[KMGT]iB)?$",
    wanted: "a size of at least \(ScoringScript.leastMemory.minimum) bytes, such as 2GB")

  static let resources = Mapping(
    name: "resources",
    keys: [
      Key(
        name: "memory",
        kind: .any([
          .wholeNumber(minimum: ScoringScript.leastMemory.minimum, maximum: Schema.mostBytes), .form(memory),
        ]), about: "What the script's process may have, such as 2GB. Default: as much as it likes.")
    ])

  static let requestSettings = Mapping(
    name: "request_settings",
    keys: [
      Key(
        name: "request_timeout_ms", kind: .wholeNumber(minimum: 1),
        about: "How long a request may take. Default 5000."),
      Key(
        name: "max_concurrent_requests_per_instance", kind: .wholeNumber(minimum: 1, maximum: 1024),
        about: "How many requests a replica has its script work at, with a process for each. Default 1."),
      Key(
        name: "max_queue_wait_ms", kind: .wholeNumber(minimum: 1),
        about: "How long a request may wait before anybody begins with it. Default 500."),
    ])

  static let deployment = Mapping(
    name: "deployment",
    keys: [
      Key(
        name: "models", kind: .text,
        about:
          "The folder of the one-class SVMs, relative to this file. Default: the models of the run."),
      Key(
        name: "code_configuration", kind: .object(code),
        about: "A scoring script, in place of one-class SVMs: code and scoring_script."),
      Key(
        name: "environment", kind: .object(environment),
        about: "What the script runs in: python or requirements."),
      Key(
        name: "model", kind: .text,
        about:
          "A file or folder that the script reads; without a script, a file .onnx or a folder of MLflow."),
      Key(
        name: "input", kind: .choice(ScoringScript.Input.allCases.map(\.rawValue)),
        about:
          "What run() is given: files, paths of CSV files; table, a DataFrame; or raw, the body of a request (for “sonde serve”). Default files."
      ),
      Key(name: "resources", kind: .object(resources), about: "The memory that a script may have."),
      Key(
        name: "request_settings", kind: .object(requestSettings),
        about: "For “sonde serve”: how long requests may wait and take."),
      Key(name: "per", kind: .choice(ScenarioSchema.granularities), about: "device or sensor."),
      Key(
        name: "features", kind: .list(.choice(ScenarioSchema.features), atLeast: 1, isUnique: true),
        about: "Aggregates of a window. Default: what the models were trained on."),
      Key(name: "nu", kind: .number(.nu), about: "For training. Default 0.01."),
      Key(
        name: "gamma", kind: .any([.choice(ScenarioSchema.gammas), .positiveNumber]),
        about: "For training: scale, auto or a number. Default scale."),
      Key(name: "kernel", kind: .choice(ScenarioSchema.kernels), about: "For training. Default rbf."),
      Key(
        name: "threshold", kind: .any([.choice(ScenarioSchema.thresholds), .number()]),
        about: "For training: training, cross_validated or a number. Default training."),
      Key(
        name: "mini_batch_size", kind: .any([.choice(["auto"]), .wholeNumber(MiniBatchSize.leastDevices)]),
        about: "Devices a task. Default auto."),
      Key(
        name: "max_concurrency_per_instance", kind: .wholeNumber(Deployment.leastConcurrency),
        about: "Tasks that run on a node at a time. Default: one a core."),
      Key(
        name: "retry_settings", kind: .object(ScenarioSchema.retrySettings), about: "max_retries and timeout."
      ),
      Key(
        name: "error_threshold", kind: .wholeNumber(Deployment.leastErrorThreshold),
        about: "Rows that may fail; -1, the default, for any number."),
      Key(
        name: "output_action", kind: .choice(ScenarioSchema.outputActions),
        about: "append_row or summary_only. Default append_row."),
      Key(name: "output_file_name", kind: .text, about: "Default predictions.csv."),
      Key(
        name: "logging_level", kind: .choice(ScenarioSchema.loggingLevels),
        about: "warning, info or debug. Default info."),
    ], atMostOneOf: [["models", "model"], ["models", "code_configuration"]])
}
