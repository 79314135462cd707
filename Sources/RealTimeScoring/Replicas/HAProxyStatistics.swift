import Files
import Wording

/// What haproxy counts, as its command `show stat` tells it (section 9.1 of its management guide). Pure.
package struct HAProxyStatistics: Hashable, Sendable {
  /// A frontend, a backend or a server.
  package struct Row: Hashable, Sendable {
    package enum Kind: Int, Sendable {
      case frontend = 0
      case backend = 1
      case server = 2
      case listener = 3
    }

    package var proxy: String
    package var name: String
    package var kind: Kind
    /// Such as `UP`, `DOWN`, `MAINT`, `DRAIN` or `UP 1/3`.
    package var status: String
    /// Requests that are under way (`scur`), or connections of a frontend.
    package var current: Int
    /// Requests that wait (`qcur`).
    package var queued: Int
    /// Requests so far (`stot`), or connections of a frontend.
    package var total: Int
    /// How often a request was tried again here (`wretr`), and elsewhere (`wredis`).
    package var retries: Int
    package var redispatches: Int
    /// Connections that failed (`econ`), and answers that broke off (`eresp`).
    package var connectionErrors: Int
    package var responseErrors: Int
    /// Answers by the first digit of their status, 1 to 5, at the indices 0 to 4 (`hrsp_1xx` to `hrsp_5xx`).
    package var responses: [Int]

    /// Whether it takes requests.
    package var isUp: Bool { status.hasPrefix("UP") || status == "OPEN" || status == "no check" }
  }

  package let rows: [Row]

  /// Reads the answer to `show stat`. Columns are found by their names, since each version adds some. Throws ``HAProxyError/unreadable(reason:)``.
  package init(_ text: String) throws(HAProxyError) {
    do {
      var reader = try CSVReader(bytes: Array(text.utf8), path: "show stat")
      let columns = try Columns(reader)
      var rows: [Row] = []
      while let row = try reader.nextRow() { rows.append(try columns.row(row)) }
      self.rows = rows
    } catch let error as HAProxyError {
      throw error
    } catch {
      throw .unreadable(reason: "\(error)")
    }
  }

  /// The row of a replica's slot; nil where there is none.
  package func replica(_ replica: Int) -> Row? {
    server(HAProxyConfiguration.slot(replica))
  }

  /// All rows of slots, in their order.
  package var replicas: [Row] {
    rows.filter {
      $0.kind == .server && $0.proxy == HAProxyConfiguration.backend
        && $0.name != HAProxyConfiguration.waitingRoom
    }
  }

  /// What the clients see.
  package var frontend: Row? {
    rows.first { $0.kind == .frontend && $0.proxy == HAProxyConfiguration.frontend }
  }

  /// All replicas together.
  package var backend: Row? {
    rows.first { $0.kind == .backend && $0.proxy == HAProxyConfiguration.backend }
  }

  /// How many requests replicas have been given and have not answered.
  package var inFlight: Int { replicas.reduce(0) { $0 + $1.current } }

  /// How many requests no replica has: those in a queue, and those that wait for one to come up.
  package var queued: Int {
    replicas.reduce(backend?.queued ?? 0) { $0 + $1.queued }
      + (server(HAProxyConfiguration.waitingRoom)?.current ?? 0)
  }

  private func server(_ name: String) -> Row? {
    rows.first { $0.kind == .server && $0.proxy == HAProxyConfiguration.backend && $0.name == name }
  }

  /// Where the columns are that are looked at.
  private struct Columns {
    private let proxy, name, kind, status, current, queued, total: Int
    private let retries, redispatches, connectionErrors, responseErrors: Int
    private let responses: [Int]

    init(_ reader: CSVReader) throws {
      proxy = try reader.column("# pxname")
      name = try reader.column("svname")
      kind = try reader.column("type")
      status = try reader.column("status")
      current = try reader.column("scur")
      queued = try reader.column("qcur")
      total = try reader.column("stot")
      retries = try reader.column("wretr")
      redispatches = try reader.column("wredis")
      connectionErrors = try reader.column("econ")
      responseErrors = try reader.column("eresp")
      responses = try (1...5).map { try reader.column("hrsp_\($0)xx") }
    }

    func row(_ row: CSVReader.Row) throws -> Row {
      guard let kind = Row.Kind(rawValue: try number(row, kind)) else {
        throw HAProxyError.unreadable(reason: "line \(row.line) has no kind that is known")
      }
      return Row(
        proxy: row.fields[proxy], name: row.fields[name], kind: kind, status: row.fields[status],
        current: try number(row, current), queued: try number(row, queued), total: try number(row, total),
        retries: try number(row, retries), redispatches: try number(row, redispatches),
        connectionErrors: try number(row, connectionErrors),
        responseErrors: try number(row, responseErrors),
        responses: try responses.map { try number(row, $0) })
    }

    /// A column that does not apply to a row is empty.
    private func number(_ row: CSVReader.Row, _ column: Int) throws -> Int {
      let text = row.fields[column]
      if text.isEmpty { return 0 }
      guard let number = Int(text) else {
        throw HAProxyError.unreadable(reason: "line \(row.line) has \(text.quoted) for a number")
      }
      return number
    }
  }
}
