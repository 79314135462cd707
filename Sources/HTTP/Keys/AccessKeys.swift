// Being written. The interface:
//
// struct AccessKeys: Hashable, Sendable, Codable     the file's content: names, digests, rates; never a key
//   static func read(_ path: String) throws(KeyFileError) -> AccessKeys
//   func write(to path: String) throws
//   mutating func create(name:, requestsPerSecond:, at: Timestamp) throws -> AccessKey   (the new key, to be shown once)
//   mutating func rotate(name:, secondary: Bool, at:) throws -> AccessKey
//   mutating func remove(name:) throws
//
// final class KeyRing: Sendable
//   init(_ path: String, notice: @escaping @Sendable (String) -> Void = { _ in }) throws(KeyFileError)
//   func check(authorization: String?, now: ContinuousClock.Instant = .now) -> KeyVerdict
