import CMosquitto
import Foundation

/// How one takes leave of a broker.
extension MQTTConnection {
  /// Takes leave: DISCONNECT, after everything that is queued.
  ///
  /// - Parameter forgetsSession: Asks the broker to forget the session, which only MQTT 5 can do.
  func close(forgetsSession: Bool = false) {
    var properties: OpaquePointer?
    defer { mosquitto_property_free_all(&properties) }
    if forgetsSession, version == .five {
      mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), 0)
    }
    mosquitto_disconnect_v5(handle, 0, properties)
    try? flush()
  }

  /// Takes leave, and returns only when the broker has read everything that was sent.
  ///
  /// The library closes its socket as soon as DISCONNECT is written. Where something unread lies in that socket, the kernel
  /// then resets the connection, and the broker loses the acknowledgements that it has not read yet. So DISCONNECT
  /// is written here, our side of the connection is shut, and what still comes is thrown away until the broker closes.
  func closeAfterDelivery() {
    try? flush()
    let descriptor = socket
    guard descriptor >= 0 else { return }
    // MQTT 5, 3.14: packet type 14, remaining length 0, which means "normal disconnection".
    let disconnect: [UInt8] = [0xE0, 0x00]
    guard send(descriptor, disconnect, disconnect.count, Int32(MSG_NOSIGNAL)) == disconnect.count,
      shutdown(descriptor, Int32(SHUT_WR)) == 0
    else { return }
    let deadline = ContinuousClock.now + Self.disconnectTimeout
    var unread = [UInt8](repeating: 0, count: 1 << 16)
    while ContinuousClock.now < deadline, (try? waitUntilReadable(.milliseconds(100))) != nil {
      let count = recv(descriptor, &unread, unread.count, Int32(MSG_DONTWAIT))
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
    }
  }
}
