import Files
import Foundation
import Pages

/// The page that watches a run: a frame that its script fills with what the stream says. Nothing in it comes from elsewhere, and what may
/// run in it is told by digests.
package struct LivePage: Sendable {
  package let bytes: [UInt8]
  /// Its content security policy (CSP level 3).
  package let policy: String

  /// - Parameter folder: The name of the run's folder, which may be any text.
  package init(folder: String) {
    bytes = Array(Self.text(folder).utf8)
    policy =
      "default-src 'none'; script-src 'sha256-\(Self.digest(LiveScript.text))'; "
      + "style-src 'sha256-\(Self.digest(LiveStyle.text))'; connect-src 'self'; img-src data:"
  }

  /// SHA-256 in base 64, as the policy has it.
  private static func digest(_ text: String) -> String {
    let digits = Array(Digest.sha256(text: text))
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    return Data(bytes).base64EncodedString()
  }

  private static func text(_ folder: String) -> String {
    let name = HTML.text(LiveState.cut(folder)).source
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(name) · Sonde</title>
      <link rel="icon" href="data:,">
      <style>\(LiveStyle.text)</style>
      </head>
      <body>
      <header>
      <h1 id="scenario">\(name)</h1>
      <p id="verdict" role="status" aria-live="polite">Connecting to the run</p>
      <p id="reason" hidden></p>
      <ul id="unmet" hidden></ul>
      <p id="report" hidden><a href="\(LiveRoute.report.pattern)">Open the report of this run</a></p>
      <p id="link" class="quiet">No news yet</p>
      <noscript><p>This page draws what the run says with JavaScript. Without it, read report.html in the run’s folder when the run has ended.</p></noscript>
      </header>
      <main>
      <section aria-labelledby="h-flow">
      <h2 id="h-flow">Messages and windows</h2>
      <progress id="share" max="100" value="0" aria-label="Share of the planned messages that is stored"></progress>
      <dl id="figures"></dl>
      </section>
      <section aria-labelledby="h-course">
      <h2 id="h-course">Course of the run</h2>
      <div id="courses"></div>
      </section>
      <section aria-labelledby="h-devices">
      <h2 id="h-devices">Devices</h2>
      <p id="counts" class="quiet">No device has been heard of yet</p>
      <p class="quiet" id="legend">A cell has a device’s last value and the score of its last window; a score below 0 lies outside of what the model knows. The worst come first.</p>
      <div id="grid" role="group" aria-label="Grid of devices" tabindex="0"><ol id="cells"></ol></div>
      </section>
      <section id="s-faults" aria-labelledby="h-faults" hidden>
      <h2 id="h-faults">Faults and notices</h2>
      <div id="faults"></div>
      </section>
      <section id="s-jobs" aria-labelledby="h-jobs" hidden>
      <h2 id="h-jobs">Jobs</h2>
      <div id="jobs"></div>
      </section>
      <section id="s-nodes" aria-labelledby="h-nodes" hidden>
      <h2 id="h-nodes">Nodes, replicas, cost so far</h2>
      <div id="nodes"></div>
      </section>
      <section id="s-parts" aria-labelledby="h-parts" hidden>
      <h2 id="h-parts">What the parts use</h2>
      <div id="parts"></div>
      </section>
      </main>
      <footer><p class="quiet">Read from the run’s files once a second. Folder: <span id="folder">\(name)</span></p></footer>
      <script>\(LiveScript.text)</script>
      </body>
      </html>

      """
  }
}
