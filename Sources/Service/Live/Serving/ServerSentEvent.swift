/// An event as it stands in a stream of `text/event-stream` (HTML, 9.2.5). Its data are JSON, and so have no line breaks.
package enum ServerSentEvent {
  /// - Parameters:
  ///   - name: What the page listens to.
  ///   - id: What a browser that comes again says that it has seen last.
  package static func bytes(_ name: String, id: Int, _ data: [UInt8]) -> [UInt8] {
    precondition(!data.contains(0x0A) && !data.contains(0x0D), "a line break would end the event")
    return Array("event: \(name)\nid: \(id)\ndata: ".utf8) + data + [0x0A, 0x0A]
  }

  /// After how long a browser comes again that has lost the stream.
  package static func retry(milliseconds: Int) -> [UInt8] { Array("retry: \(milliseconds)\n\n".utf8) }
}
