(function () {
  "use strict";
  var root = document.documentElement, body = document.body;

  function each(selector, does) { Array.prototype.forEach.call(document.querySelectorAll(selector), does); }

  /* light or dark */
  var theme = document.getElementById("theme");
  function dark() {
    var kept = root.getAttribute("data-theme");
    return kept ? kept === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }
  theme.hidden = false;
  theme.setAttribute("aria-pressed", String(dark()));
  theme.addEventListener("click", function () {
    var next = dark() ? "light" : "dark";
    root.setAttribute("data-theme", next);
    theme.setAttribute("aria-pressed", String(next === "dark"));
    try { localStorage.setItem("theme", next); } catch (ignored) { return; }
  });

  /* tables that sort */
  function figure(cell) {
    var told = cell.getAttribute("data-sort"), text = (told === null ? cell.textContent : told).trim();
    var number = parseFloat(text.replace(/\u2212/g, "-").replace(/,/g, ""));
    return isNaN(number) ? text : number;
  }
  function sort(table, column, head) {
    var up = head.getAttribute("aria-sort") !== "ascending", rows = table.tBodies[0];
    var sorted = Array.prototype.slice.call(rows.rows).map(function (row, at) {
      return { row: row, at: at, key: figure(row.cells[column]) };
    }).sort(function (one, other) {
      var a = one.key, b = other.key, order;
      if (typeof a === "number" && typeof b === "number") { order = a - b; }
      else if (typeof a !== typeof b) { return typeof a === "number" ? -1 : 1; }
      else { order = a.localeCompare(b, root.lang); }
      return (up ? order : -order) || one.at - other.at;
    });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (one) { one.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    sorted.forEach(function (one) { rows.appendChild(one.row); });
  }
  each("table", function (table) {
    if (!table.tHead || table.tHead.rows.length !== 1 || table.tBodies[0].rows.length < 3) { return; }
    if (table.querySelector("[colspan],[rowspan]")) { return; }
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      if (head.hasAttribute("data-fixed") || !head.textContent.trim()) { return; }
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () { sort(table, column, head); });
    });
  });

  /* a line that copies itself */
  each("dl code", function (code) {
    if (!navigator.clipboard) { return; }
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "⧉";
    button.setAttribute("aria-label", root.lang === "en" ? "Copy" : "复制");
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(function () {
        button.textContent = "✓";
        window.setTimeout(function () { button.textContent = "⧉"; }, 1200);
      });
    });
    code.parentNode.appendChild(button);
  });

  /* what only a server can do is shown where there is one */
  if (window.xinzhiServer) { root.classList.add("served"); }
  each("form.ruler select", function (select) {
    select.addEventListener("change", function () { select.form.submit(); });
  });

})();
