import Foundation
import MQTT
import Supervision

/// A broker that others have made, as they configure it: what it needs here, and how it is started.
package protocol BrokerProduct: Sendable {
  /// What people call it.
  var name: String { get }
  /// Where it comes from.
  var origin: String { get }
  /// The version of MQTT that devices speak with it.
  var version: ProtocolVersion { get }
  /// What it asks of those who connect.
  var access: BrokerAccess { get }
  /// Why it cannot be started here, and what helps; nil where it can. Installs it where that needs no rights.
  func reasonNotToStart() async -> String?
  /// Writes its configuration and returns its processes: first those that it leans on, last the broker itself. Whatever it
  /// writes lies in `folder`. Throws where a port or a file cannot be had.
  func processes(folder: String, port: UInt16) throws -> [BrokerProcess]
}

extension BrokerProduct {
  package var version: ProtocolVersion { .threeOneOne }
  package var access: BrokerAccess { BrokerAccess() }

  /// A sentence on the first of `programs` that is not installed; nil where all are.
  package func missing(_ programs: [String]) -> String? {
    programs.first { ExecutablePath.find($0) == nil }.map {
      "\($0) is not installed here; \(name) is \(origin)"
    }
  }
}

/// One process of a broker.
package struct BrokerProcess: Sendable {
  package var name: String
  package var executable: String
  package var arguments: [String] = []
  package var environment: [String: String] = [:]
}

/// Which brokers must be there: their tests fail where they would else be skipped. Continuous integration says so.
package enum DemandedBrokers {
  /// Their names, separated by spaces.
  package static let variable = "SONDE_DEMAND_BROKERS"

  package static func contain(_ product: any BrokerProduct) -> Bool {
    (ProcessInfo.processInfo.environment[variable] ?? "").split(separator: " ").contains {
      $0 == product.name
    }
  }
}
