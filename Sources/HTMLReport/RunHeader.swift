import Charts
import Files
import Pages
import Verdict

/// The top of a page: which run it is, and what it came to.
enum RunHeader {
  static func header(of run: FinishedRun) -> Page.Header {
    var facts: [Page.Header.Fact] = []
    func add(_ name: String, _ value: String?) {
      if let value { facts.append(Page.Header.Fact(name, value)) }
    }
    add("Began", beginning(of: run.folder))
    add("Took", run.number("elapsed_seconds").map { ChartUnit.seconds.text($0) })
    add("Seed", run.figure("seed")?.description)
    add("Sonde", run.manifest?.value(at: "versions.sonde")?.description)
    let reason = run.text("reason")
    return Page.Header(
      title: run.text("scenario") ?? "A run", verdict: verdict(run.text("verdict"), reason),
      notes: reason.map { [sentence($0)] } ?? [], facts: facts)
  }

  /// The verdict as a word and a sign.
  static func verdict(_ name: String?, _ reason: String? = nil) -> (word: String, mark: PageMark) {
    switch name.flatMap(Verdict.init) {
    case .passed: ("Passed", .good)
    case .failed: ("Failed", .bad)
    case .invalid: ("Invalid", .doubtful)
    case .error: (reason == "interrupted" ? "Interrupted" : "Broke off", .stopped)
    case nil: ("No verdict", .stopped)
    }
  }

  /// `text` as a sentence of its own.
  static func sentence(_ text: String) -> String {
    let ending = text.last.map { ".!?)".contains($0) } ?? true ? "" : "."
    return text.prefix(1).uppercased() + text.dropFirst() + ending
  }

  /// When the run began, in UTC; nil where the run does not say.
  private static func beginning(of folder: RunFolder) -> String? {
    struct Account: Decodable { let startedAt: String }
    guard FileStamp(folder.account) != nil,
      let account = try? JSONFile.read(Account.self, folder.account)
    else { return nil }
    return account.startedAt.prefix(19).replacing("T", with: " ") + " UTC"
  }
}
