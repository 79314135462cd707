import ArgumentParser

/// How a command tells what it has found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}
