extension PublisherPool {
  /// What was handed to the broker, and what it has acknowledged.
  package struct Counters: Hashable, Sendable {
    /// Messages; one publication may carry several.
    package var published = 0
    package var acknowledged = 0
    /// Readings in the messages published.
    package var publishedReadings = 0
    /// Readings in the messages acknowledged.
    package var acknowledgedReadings = 0
    /// Messages published at most once, which nobody acknowledges.
    package var unconfirmed = 0
    /// Publications of messages.
    package var publications = 0
    package var reconnects = 0
    /// Publications that repeat an earlier one; in none of the counts above.
    package var repeated = 0
    /// Birth messages; in none of the counts above.
    package var births = 0
    /// Publications that wait for their acknowledgement, repeated ones and births too.
    package var outstanding = 0
    /// How long publications waited until a client of theirs had acknowledgements, or room to write.
    package var waited = Duration.zero
  }
}
