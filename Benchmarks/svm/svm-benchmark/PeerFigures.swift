import Foundation

/// What peers.py measured.
struct PeerFigures: Decodable {
  struct Scoring: Decodable {
    let peer: String
    let features: Int
    let vectors: Int
    let batch: Int
    let nsPerRow: Double
  }

  struct Training: Decodable {
    let devices: Int
    let windows: Int
    let features: Int
    let nu: Double
    let processes: Int
    let seconds: Double
    let supportVectors: Int
  }

  let versions: [String: String]
  let scoring: [Scoring]
  let training: Training

  static func read(_ path: String) throws -> PeerFigures {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(PeerFigures.self, from: Data(contentsOf: URL(filePath: path)))
  }
}

/// Little-endian doubles of a file that numpy wrote.
func doubles(of path: String) throws -> [Double] {
  try Data(contentsOf: URL(filePath: path)).withUnsafeBytes { raw in
    (0..<raw.count / 8).map {
      Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)))
    }
  }
}

/// The CPU time that one call in ten stays under, in seconds. Other processes only ever make a call slower; the very
/// fastest is not taken, because a virtual machine now and then counts a call's time as somebody else's.
func typicalSeconds(budget: Double, _ call: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  var samples: [Double] = []
  var spent = 0.0
  while samples.count < 3 || spent < budget {
    let start = now()
    try call()
    samples.append(now() - start)
    spent += samples[samples.count - 1]
  }
  return samples.sorted()[samples.count / 10]
}
