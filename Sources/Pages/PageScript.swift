/// The script of a page, which only sorts and filters tables and shows what is under the pointer: the page is complete without it. The
/// same text for every page, so that a policy can allow it by its digest.
package enum PageScript {
  /// Nothing but the page's own text is shown, and it is put in as text, never as markup.
  package static let text =
    """
    "use strict";
    (function () {
      var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
      var make = function (name, className, text) {
        var element = document.createElement(name);
        if (className) element.className = className;
        if (text) element.textContent = text;
        return element;
      };

      // Tables: the heads of columns sort.
      var key = function (row, column) {
        var cell = row.cells[column];
        var value = cell.getAttribute("data-value");
        return value === null ? cell.textContent.trim() : Number(value);
      };
      var compare = function (a, b, isUp) {
        // What has no number comes after what has one, either way.
        if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
        var order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
        return isUp ? order : -order;
      };
      var sort = function (table, column) {
        var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
        var isUp = heads[column].getAttribute("aria-sort") !== "ascending";
        heads.forEach(function (head) { head.removeAttribute("aria-sort"); });
        heads[column].setAttribute("aria-sort", isUp ? "ascending" : "descending");
        var body = table.tBodies[0];
        var rows = Array.prototype.slice.call(body.rows).map(function (row, index) {
          return { row: row, key: key(row, column), index: index };
        });
        rows.sort(function (a, b) { return compare(a.key, b.key, isUp) || a.index - b.index; });
        rows.forEach(function (entry) { body.appendChild(entry.row); });
      };
      all("table").forEach(function (table) {
        if (!table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 2) return;
        Array.prototype.slice.call(table.tHead.rows[0].cells).forEach(function (head, column) {
          var button = make("button", "", head.textContent);
          button.type = "button";
          button.addEventListener("click", function () { sort(table, column); });
          head.textContent = "";
          head.appendChild(button);
        });
      });

      // Long tables: a field that leaves the rows with a text.
      all("table").forEach(function (table) {
        var body = table.tBodies[0];
        if (!body || body.rows.length < \(PageDefaults.fewestFilteredRows)) return;
        var rows = Array.prototype.slice.call(body.rows);
        var bar = make("div", "filter");
        var label = make("label", "", "Rows with ");
        var field = make("input");
        field.type = "search";
        var count = make("span", "of");
        count.setAttribute("role", "status");
        label.appendChild(field);
        bar.appendChild(label);
        bar.appendChild(count);
        field.addEventListener("input", function () {
          var wanted = field.value.trim().toLowerCase();
          var shown = 0;
          rows.forEach(function (row) {
            row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
            if (!row.hidden) shown += 1;
          });
          count.textContent = wanted === "" ? "" : shown + " of " + rows.length + " rows";
        });
        var scroll = table.closest(".scroll");
        scroll.parentNode.insertBefore(bar, scroll);
      });

      // Pictures: what is under the pointer stands in a line below.
      all(".picture").forEach(function (figure) {
        var svg = figure.querySelector("svg");
        if (!svg || !svg.querySelector("* > * > title")) return;
        var hint = "Point at a mark to see its values here.";
        var line = make("p", "pointed", hint);
        line.setAttribute("aria-hidden", "true");
        figure.querySelector(".scroll").insertAdjacentElement("afterend", line);
        svg.addEventListener("pointerover", function (event) {
          var element = event.target;
          while (element && element !== svg) {
            var title = Array.prototype.filter.call(element.children, function (child) { return child.localName === "title"; })[0];
            if (title) { line.textContent = title.textContent; return; }
            element = element.parentNode;
          }
        });
      });

      // What does not have to scroll needs no stop of the keyboard.
      var stops = function () {
        all(".scroll").forEach(function (area) {
          if (area.scrollWidth > area.clientWidth) area.setAttribute("tabindex", "0");
          else area.removeAttribute("tabindex");
        });
      };
      stops();
      addEventListener("resize", stops);
      all("details").forEach(function (details) { details.addEventListener("toggle", stops); });

      // On paper nothing is folded.
      var opened = [];
      addEventListener("beforeprint", function () {
        opened = all("details:not([open])");
        opened.forEach(function (details) { details.open = true; });
      });
      addEventListener("afterprint", function () {
        opened.forEach(function (details) { details.open = false; });
      });
    })();
    """
}
