import GRDB
import GRDBSQLite

/// Reads rows by the million: a SQL function that is called with the values of a row takes a fifth less than stepping to it and
/// asking for each of them.
///
/// A statement says `WHERE … AND visit(?, a, b)`: the function hands over the values of each row that fulfils the rest, and is
/// false, so that the statement itself has no rows. With an `ORDER BY` that needs no sorting, rows come in that order.
enum RowVisit {
  /// The values that `visit` was called with, after the first one.
  struct Values {
    fileprivate let arguments: UnsafeMutablePointer<OpaquePointer?>

    func integer(_ index: Int) -> Int64 { sqlite3_value_int64(arguments[index + 1]) }
    /// NaN where there is none.
    func number(_ index: Int) -> Double {
      let value = sqlite3_value_double(arguments[index + 1])
      // SQLite reads a null as 0, and the type of a value takes as long to read as the value.
      return value == 0 && sqlite3_value_type(arguments[index + 1]) == SQLITE_NULL ? .nan : value
    }
  }

  /// What a statement's pointer leads to.
  private final class Visitor {
    private let body: (Values) throws -> Void
    private(set) var fault: (any Error)?

    init(body: @escaping (Values) throws -> Void) { self.body = body }

    /// Returns whether the row was taken.
    func take(_ values: Values) -> Bool {
      do {
        try body(values)
        return true
      } catch {
        fault = error
        return false
      }
    }
  }

  /// Tells SQLite what the pointer is, so that it hands it to nobody else.
  private static let pointerType: StaticString = "sonde.RowVisit"

  /// Makes `visit` known to a connection.
  static func register(in db: Database) throws {
    let code = sqlite3_create_function_v2(
      db.sqliteConnection, "visit", -1, SQLITE_UTF8, nil,
      { context, _, arguments in
        guard let arguments,
          let pointer = RowVisit.pointerType.withPointer({ sqlite3_value_pointer(arguments[0], $0) })
        else {
          sqlite3_result_error(context, "visit() is for sonde's own statements", -1)
          return
        }
        // The statement's caller holds it: counting references for each row would show.
        let isTaken = Unmanaged<Visitor>.fromOpaque(pointer)
          ._withUnsafeGuaranteedRef { $0.take(Values(arguments: arguments)) }
        if isTaken {
          sqlite3_result_int(context, 0)
        } else {
          sqlite3_result_error(context, "the visit of a row has failed", -1)
        }
      }, nil, nil, nil)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }

  /// Runs a bound statement, whose parameter `parameter` is the first argument of `visit`, and calls `body` for each row.
  /// Throws what `body` throws, which ends the statement, and SQLite's errors.
  static func forEachRow(
    of statement: OpaquePointer, parameter: Int32, _ db: Database, _ body: (Values) throws -> Void
  ) throws {
    try withoutActuallyEscaping(body) { body in
      let visitor = Visitor(body: body)
      try withExtendedLifetime(visitor) {
        let pointer = Unmanaged.passUnretained(visitor).toOpaque()
        _ = pointerType.withPointer { sqlite3_bind_pointer(statement, parameter, pointer, $0, nil) }
        defer {
          sqlite3_reset(statement)
          sqlite3_bind_null(statement, parameter)
        }
        let code = sqlite3_step(statement)
        if let fault = visitor.fault { throw fault }
        guard code == SQLITE_DONE else {
          throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
        }
      }
    }
  }
}

extension StaticString {
  fileprivate func withPointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    body(UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self))
  }
}
