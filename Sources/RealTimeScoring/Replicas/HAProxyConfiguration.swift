import HTTP
import Telemetry

/// What haproxy is told: a frontend for clients, a slot a replica up to the most that there may be, and where requests wait while no
/// replica is up. Pure.
///
/// Slots are static and switched by the runtime socket: servers that are added at run time ignore `default-server`.
package struct HAProxyConfiguration: Hashable, Sendable {
  /// Where clients connect; the port is settled.
  package var listen: ListenAddress
  /// A file with certificate, chain and key, where clients are to use TLS.
  package var certificate: String?
  package var sockets: ReplicaSockets
  /// How many slots there are.
  package var slots: Int
  /// How many requests a replica is given at the same time.
  package var requestsPerReplica: Int
  package var queueTimeout = ReplicaDefaults.queueTimeout
  package var queueLength = ReplicaDefaults.queueLength
  package var requestTimeout = ReplicaDefaults.requestTimeout
  package var arrivalTimeout = ReplicaDefaults.arrivalTimeout
  package var connections = ReplicaDefaults.connections
  /// How long connections go on after the end has begun.
  package var stopDeadline = ReplicaDefaults.stopDeadline
  /// A socket file on which `/metrics` is answered for the whole service; nil: by any replica.
  package var metricsSocket: String?

  /// The names of the parts of the configuration, by which the figures and the runtime socket know them.
  package static let frontend = "clients"
  package static let backend = "replicas"
  package static let waitingRoom = "waiting"

  /// The name of a replica's slot.
  package static func slot(_ replica: Int) -> String { "r\(replica)" }

  package init(
    listen: ListenAddress, sockets: ReplicaSockets, slots: Int, requestsPerReplica: Int
  ) {
    precondition(slots >= 1 && requestsPerReplica >= 1)
    self.listen = listen
    self.sockets = sockets
    self.slots = slots
    self.requestsPerReplica = requestsPerReplica
  }

  /// The file's text.
  package var text: String {
    [header, process, waiting, http, clients, metrics, replicas].joined(separator: "\n")
  }

  private var header: String {
    """
    # Made by sonde from the settings of its replicas, and made again at each start: changes are lost.

    """
  }

  /// Without `noreuseport` a second haproxy could listen on the same port, and take half of the connections.
  private var process: String {
    """
    global
      stats socket \(quoted(sockets.control)) mode 600 level admin
      stats timeout 1m
      maxconn \(connections + slots + Self.ownConnections)
      nbthread 1
      noreuseport
      # A request that fits can be sent to another replica.
      tune.bufsize \(ReplicaDefaults.retriedBytes)
      hard-stop-after \(time(stopDeadline))

    """
  }

  /// What connections of our own there may be: questions to the runtime socket.
  private static let ownConnections = 16

  /// Where a request goes while no replica is up: its connection is closed without an answer after a while, and so the request is tried
  /// again, by then perhaps with a replica. It is a frontend in TCP mode, since one in HTTP mode would not wait for the time's end.
  private var waiting: String {
    """
    defaults
      mode tcp
      timeout connect \(time(ReplicaDefaults.connectTimeout))
      timeout client \(time(requestTimeout))
      timeout server \(time(requestTimeout))

    frontend \(Self.waitingRoom)
      bind \(quoted("unix@" + sockets.waitingRoom)) mode 600
      tcp-request inspect-delay \(time(ReplicaDefaults.waitingRoomTime))
      tcp-request content reject if WAIT_END

    """
  }

  /// Each `http-error` has its own words in the shape that the client knows (``ErrorShape``).
  private var http: String {
    let pages = HAProxyErrorPage.all(arrivalTimeout: arrivalTimeout, requestTimeout: requestTimeout)
    return """
      defaults
        mode http
        timeout connect \(time(ReplicaDefaults.connectTimeout))
        timeout client \(time(requestTimeout))
        timeout server \(time(requestTimeout))
        timeout queue \(time(queueTimeout))
        timeout http-request \(time(arrivalTimeout))
        timeout http-keep-alive \(time(ReplicaDefaults.keepAliveTimeout))
        # A request is handed over when it is whole, or fills the buffer: a slow client costs no replica.
        option http-buffer-request
        # A client that has gone leaves the queue.
        option abortonclose
        # Scoring twice does no harm: what a dead replica had not answered, another one does.
        option redispatch 1
        retries \(ReplicaDefaults.retries)
        retry-on conn-failure empty-response
        http-reuse always
      \(pages.map { "  " + $0.directive }.joined(separator: "\n"))

      """
  }

  private var clients: String {
    let readiness = (1...slots)
      .map { "  acl is_ready srv_is_up(\(Self.backend)/\(Self.slot($0)))" }.joined(separator: "\n")
    return """
      frontend \(Self.frontend)
        bind \(bind)
        maxconn \(connections)
        \((HAProxyErrorPage.settingOfShape + Self.requestIDs).joined(separator: "\n  "))
      \(readiness)
        # Asked for health, the front answers for all replicas, however many requests wait.
        http-request return status 200 content-type application/json string '{"live":true}' if METH_GET { path /v2/health/live }
        http-request return status 200 content-type application/json string '{"ready":true}' if METH_GET { path /v2/health/ready } is_ready
        http-request deny deny_status 503 if METH_GET { path /v2/health/ready }
        http-request deny deny_status 503 if { queue(\(Self.backend)) ge \(queueLength) }
        # What was tried again until the end, because no replica was up, is no fault of the request; nor where one came up in its last wait.
        http-after-response set-status 503 reason "Service Unavailable" if { status 502 } !is_ready
        http-after-response set-status 503 reason "Service Unavailable" if { status 502 } { srv_name \(Self.waitingRoom) }
        http-request del-header X-Forwarded-For
        option forwardfor
        http-request set-header X-Forwarded-Proto https if { ssl_fc }
        http-request set-header X-Forwarded-Proto http unless { ssl_fc }
      \(metricsSocket == nil ? "" : "  use_backend metrics if { path /metrics }\n")  default_backend \(Self.backend)

      """
  }

  /// The headers by which a client knows its request again; replicas see to their own answers.
  private static let requestIDs: [String] = {
    let rules = RequestID.headers.enumerated().map { index, header in
      let id = "txn.request_id_\(index)"
      return [
        "tcp-request content set-var(\(id)) req.fhdr(\(header))",
        "http-after-response set-header \(header) %[var(\(id))] if { var(\(id)) -m found }"
          + " { var(\(id)),length le \(HTTPDefaults.requestIDLength) } !{ res.fhdr(\(header)) -m found }",
      ]
    }
    return rules.flatMap(\.self) + [
      "http-after-response set-header \(RequestID.header) %[uuid()] unless { res.fhdr(\(RequestID.header)) -m found }"
    ]
  }()

  private var bind: String {
    let place =
      switch listen.place {
      case .socketFile(let path): quoted("unix@" + path) + " mode 600"
      case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      }
    guard let certificate else { return place }
    return place + " ssl crt \(quoted(certificate)) ssl-min-ver TLSv1.2 alpn http/1.1"
  }

  private var metrics: String {
    guard let metricsSocket else { return "" }
    return """
      backend metrics
        server metrics \(quoted("unix@" + metricsSocket))

      """
  }

  /// `observe layer4 … mark-down`: the first connection that a dead replica refuses takes it out, before the check notices.
  private var replicas: String {
    let servers = (1...slots)
      .map { "  server \(Self.slot($0)) \(quoted("unix@" + sockets.replica($0))) disabled" }
      .joined(separator: "\n")
    return """
      backend \(Self.backend)
        balance leastconn
        option httpchk
        http-check send meth GET uri \(ReplicaProbe.readyPath) ver HTTP/1.1 hdr Host replica hdr Connection close
        http-check expect status 200
        default-server check inter \(time(ReplicaDefaults.checkInterval)) fastinter \(time(ReplicaDefaults.fastCheckInterval)) \
      downinter \(time(ReplicaDefaults.fastCheckInterval)) fall \(ReplicaDefaults.checkFall) rise \(ReplicaDefaults.checkRise) \
      maxconn \(requestsPerReplica) observe layer4 error-limit 1 on-error mark-down
      \(servers)
        server \(Self.waitingRoom) \(quoted("unix@" + sockets.waitingRoom)) no-check backup

      """
  }

  /// haproxy's own spelling of a time.
  private func time(_ duration: Duration) -> String { "\(duration.milliseconds)ms" }

  /// A word of the configuration, as it stands (section 2.2 of its manual: strong quotes).
  private func quoted(_ word: String) -> String {
    "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
