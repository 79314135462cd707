import Files
import RealTimeScoring
import Testing

/// haproxy's figures.
@Suite struct HAProxyStatisticsTests {
  /// As haproxy 2.6 writes it, with fewer columns, in another order.
  private static let text = """
    # pxname,svname,qcur,scur,stot,econ,eresp,wretr,wredis,status,type,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,-,
    waiting,FRONTEND,,4,9,,,,,OPEN,0,,,,,,,
    clients,FRONTEND,,12,200,,,,,OPEN,0,0,150,0,7,3,,
    replicas,r1,1,3,100,0,1,2,3,UP,2,0,80,0,4,0,"a, b",
    replicas,r2,0,2,60,5,0,0,1,UP 1/3,2,0,60,0,0,0,,
    replicas,r3,0,0,0,0,0,0,0,MAINT,2,0,0,0,0,0,,
    replicas,waiting,0,4,9,0,0,0,0,no check,2,0,0,0,0,0,,
    replicas,BACKEND,6,16,169,0,0,2,4,UP,1,0,140,0,4,0,,

    """

  @Test func rowsAreFoundByTheirNames() throws {
    let statistics = try HAProxyStatistics(Self.text)
    #expect(statistics.rows.count == 7)
    #expect(statistics.replicas.map(\.name) == ["r1", "r2", "r3"])
    #expect(statistics.replicas.map(\.isUp) == [true, true, false])
    #expect(statistics.replica(1)?.total == 100 && statistics.replica(1)?.redispatches == 3)
    #expect(statistics.replica(4) == nil)
    #expect(statistics.frontend?.responses == [0, 150, 0, 7, 3])
    #expect(statistics.inFlight == 5)
    // Those of the backend, those of one replica, and those that wait for one to come up.
    #expect(statistics.queued == 6 + 1 + 4)
  }

  @Test(arguments: [
    ("", "the file is empty"), ("No such command\n", "there is no column"),
    (text.replacing("UP 1/3,2,", with: "UP 1/3,9,"), "line 5 has no kind that is known"),
    (text.replacing(",60,5,", with: ",60,five,"), "line 5 has “five” for a number"),
    (text.replacing("replicas,r2,0,", with: "replicas,r2,"), "17 fields"),
  ])
  func whatCannotBeReadIsSaid(text: String, words: String) {
    let error = #expect(throws: HAProxyError.self) { try HAProxyStatistics(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func metricsSayWhatTheFrontSees() throws {
    var text = PrometheusText()
    HAProxyMetrics.add(
      ReplicaFigures(
        wanted: 3, starting: 1, ready: 2, draining: 0, most: 4, restarts: 5,
        statistics: try HAProxyStatistics(Self.text), processes: [:]), to: &text)
    let lines = text.text.split(separator: "\n")
    for line in [
      "sonde_serving_replicas{state=\"ready\"} 2", "sonde_serving_replicas_wanted 3",
      "sonde_serving_replica_restarts_total 5", "sonde_serving_front_connections 12",
      "sonde_serving_front_responses_total{code=\"4xx\"} 7", "sonde_serving_front_queued_requests 11",
      "sonde_serving_replica_up{replica=\"3\"} 0", "sonde_serving_replica_current_requests{replica=\"2\"} 2",
      "sonde_serving_replica_redispatches_total{replica=\"1\"} 3",
    ] {
      #expect(lines.contains(Substring(line)), "\(line)")
    }
    // Each metric is explained once.
    let helps = lines.filter { $0.hasPrefix("# HELP") }.map { $0.split(separator: " ")[2] }
    #expect(Set(helps).count == helps.count)
  }
}
