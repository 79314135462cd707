/// What a key ring says of the key that a request came with.
package enum KeyVerdict: Hashable, Sendable {
  /// The client's name, and the first digits of the key's digest, for logs: the key cannot be found from them.
  case accepted(client: String, digest: String)
  /// There was no `Authorization` header, or none with a bearer's key.
  case missing
  /// The key is none of those in the file.
  case wrong
  /// The key is right, but has been used more often than its rate allows. In so many whole seconds, at least 1, it may be used again.
  case tooFast(client: String, digest: String, retryAfter: Int)
}
