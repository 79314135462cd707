/// The texts of the files of a run that had everything. Figures that are another thing are another number.
extension WholeRun {
  static let reportText = """
    {"scenario":"NAME","verdict":"failed","reason":"NAME","seed":7,"elapsed_seconds":12.4503,
    "readings":{"planned":518400,"published":518000,"acknowledged":517990,"stored":516900,"late":1000,"rejected":75,
    "duplicates":1234,"lost":25,"withheld":400,"doubled":2,"misfiled":4,"unaccounted":6,"adjusted":8,"expired":9,
    "lost_at":{"planned":3,"published":7,"broker":15},"doubled_messages":["NAME"],"misfiled_messages":["NAME"]},
    "messages":{"planned":172800,"published":172700,"acknowledged":172600,"stored":172500,"late":333,"rejected":25,
    "duplicates":411,"lost":8},
    "windows":{"expected":17220,"closed":17221,"revised":56,"mismatched":1,"mismatches":["NAME"]},
    "scoring":{"jobs":2,"tasks":3,"retries":1,"predictions":2860,"failed":5,"windows_per_second":4982.58,"node_seconds":12.75},
    "losses":[{"device":"NAME","seq":11,"last_seen":"NAME"},{"device":"NAME","seq":12,"last_seen":"broker"}],
    "expectations":[{"expression":"readings.late < 2000","actual":1000,"passed":true,"explanation":null},
    {"expression":"readings.lost == 0","actual":25,"passed":false,"explanation":"NAME"},
    {"expression":"NAME","actual":"NAME","passed":false,"explanation":"NAME"}],
    "ingestion":{"messages_per_second":950.5,"readings_per_second":2851.5,"cpu_us_per_message":12.125,"restarts":2,
    "unplanned_restarts":1,"commit_ms":{"p50":2.5,"p99":21},"end_to_end_ms":{"p50":10,"p90":20,"p99":120,"p99.9":300}},
    "stream":{"watermark_delay_ms":{"p50":40,"p99":90,"max":95}},
    "faults":{"planned":2,"carried_out":1,"drained_seconds":1.5,"recovery_seconds":{"max":0.25},
    "events":[{"fault":"NAME","what":"NAME","began_seconds":1.2,"ended_seconds":1.3,"recovery_seconds":0.25},
    {"fault":"NAME","what":null,"began_seconds":null,"ended_seconds":null,"recovery_seconds":null}]},
    "serving":{"requests":400,"answered":396,"rejected":3,"errors":1,"rows":4444,"offered_per_second":41,
    "achieved_per_second":39.5,"rows_per_second":443,"cpu_us_per_request":87,"replicas_max":2,"knee_batch":10,
    "latency_ms":{"p50":5,"p90":6,"p99":7,"max":9},
    "sweep":[{"replicas":1,"rows_per_request":1,"offered_per_second":10,"achieved_per_second":9.5,"rows_per_second":9,
    "latency_ms":{"p50":1.5,"p99":3.5,"max":4.5},"rejected":2,"errors":0,"cpu_us_per_row":61},
    {"replicas":1,"rows_per_request":10,"offered_per_second":11,"achieved_per_second":10.5,"rows_per_second":105,
    "latency_ms":{"p50":1.75,"p99":3.75,"max":4.75},"rejected":1,"errors":1,"cpu_us_per_row":8}]},
    "capacity":{"steps":3,"knee_step":2,"knee_per_second":2000,"knee_p99_ms":19.5,"limit":"NAME"},
    "load":[{"stage":1,"name":"NAME","offered_per_second":1000,"achieved_per_second":999,"carried":"yes","limit":null,
    "why":null,"end_to_end_ms":{"p99":10.5}},
    {"stage":2,"name":"NAME","offered_per_second":2000,"achieved_per_second":1998,"carried":"yes","limit":"NAME","why":"NAME",
    "end_to_end_ms":{"p99":19.5}},
    {"stage":3,"name":"NAME","offered_per_second":3000,"achieved_per_second":1001,"carried":"no","limit":"NAME","why":"NAME",
    "end_to_end_ms":{"p99":990}}],
    "answers":{"cheapest":{"nodes":1,"vm_size":"NAME","tier":"NAME","mini_batch_size":"NAME","mode":"simulated",
    "makespan_seconds":600,"cost_usd":0.01,"cost_usd_per_month":7.5},
    "fastest":{"nodes":2,"vm_size":"NAME","tier":"NAME","mini_batch_size":"NAME","mode":"simulated","makespan_seconds":300,
    "cost_usd":0.02,"cost_usd_per_month":15},"cheapest_within_deadline":null,"smallest_that_beats_one":null,
    "break_even_interval_seconds":425,"sentences":["NAME"]},
    "calibration":{"worst_error":0.021,"half_width":0.011,"noise":0.031},
    "cluster":[{"target":"NAME","vm_size":"NAME","tier":"NAME","nodes":1,"min_instances":0,"mini_batch_size":"NAME",
    "mode":"NAME","makespan_seconds":600,"speedup":1,"efficiency":1,"cost_usd":0.01,"cost_usd_per_month":7.5},
    {"target":"NAME","vm_size":null,"tier":"NAME","nodes":2,"min_instances":1,"mini_batch_size":"NAME","mode":"NAME",
    "makespan_seconds":300,"speedup":1.9,"efficiency":0.95,"cost_usd":0.02,"cost_usd_per_month":15}]}
    """

  static let manifestText = """
    {"scenario":{"name":"NAME","path":"NAME","text":"name: NAME","overrides":["NAME"]},
    "versions":{"sonde":"NAME","sqlite":"NAME"},
    "host":{"system":"NAME","cpu":"NAME","cores":2,"memory_bytes":25276502016},
    "outputs":{"report.json":"NAME","models/NAME":"NAME"}}
    """

  /// Three steps of a climb, of which the last was too much; two loads on the service; a sweep.
  static let accountText = """
    {"started_at":"1970-01-01T00:00:00.000Z","elapsed_seconds":3600,"planned_restarts":1,"unplanned_restarts":1,
    "faults":[],"broker_was_killed":false,
    \(CapacityPageSectionTests.account),
    \(ClusterSizesSectionTests.account),
    \(ServingPageSectionTests.account([(1, 1), (1, 10)]))}
    """

  static let timeline = """
    seconds,phase,published,stored,late,rejected,windows,predictions,backlog,ingest_memory_bytes,ingest_cpu_seconds
    0.001,NAME,0,0,0,0,0,0,0,1000000,0.10
    1.001,NAME,1000,900,0,0,10,0,100,2000000,0.50
    2.001,NAME,2000,2000,0,0,20,5,0,2000000,0.20

    """

  static let clusters =
    ClusterSizesSectionTests.header
    + [1, 2].map { ClusterSizesSectionTests.line($0, "NAME") }.joined()

  /// What the jobs of the run came to: an attempt that failed, and nodes.
  static let jobs = [
    "UPDATE jobs SET started_ms = 1000, ended_ms = 3000, tasks = 1, predictions = 24, reason = :name",
    """
    INSERT INTO tasks (job, task, devices, state, attempts, worker, node, rows, duration_ms, started_ms)
      SELECT id, 0, 2, 'completed', 2, 1, 1, 24, 900, 1200 FROM jobs
    """,
    """
    INSERT INTO failed_attempts (job, task, attempt, worker, node, duration_ms, reason, started_ms)
      SELECT id, 0, 1, 1, 1, 100, :name, 1100 FROM jobs
    """,
    """
    INSERT INTO node_states (target, node, state, at_ms)
      VALUES (:name, 1, 'running', 1000), (:name, 1, 'preempted', 3000), (:name, 1, NULL, 3100)
    """,
  ]
}
