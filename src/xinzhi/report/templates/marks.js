/* What the marks of a chart say, to the pointer, a tap and the keyboard: arrows go from mark to mark. */
(function () {
  "use strict";
  var MARK = "svg.chart [aria-label], svg.sketch [aria-label]", box = document.createElement("div");
  box.className = "tip";
  box.hidden = true;
  box.setAttribute("aria-hidden", "true");
  document.body.appendChild(box);
  function say(text, x, y) {
    box.textContent = "";
    box.hidden = !text;
    if (!text) { return; }
    text.split("\n").forEach(function (line, at) {
      var part = document.createElement(at ? "span" : "b");
      part.textContent = line;
      box.appendChild(part);
    });
    box.lang = document.documentElement.lang;
    box.style.left = Math.max(4, Math.min(x + 14, window.scrollX + document.documentElement.clientWidth - box.offsetWidth - 8)) + "px";
    box.style.top = y + 16 + "px";
  }
  window.xinzhiSay = say;
  function mark(event) { return event.target.closest ? event.target.closest(MARK) : null; }
  function point(event) {
    var found = mark(event);
    if (found) { say(found.getAttribute("aria-label"), event.pageX, event.pageY); }
    else if (!event.target.closest || !event.target.closest("[data-tip]")) { say("", 0, 0); }
  }
  document.addEventListener("pointermove", point);
  document.addEventListener("click", point);
  document.addEventListener("focusin", function (event) {
    var found = mark(event), place = found && found.getBoundingClientRect();
    if (found) { say(found.getAttribute("aria-label"), window.scrollX + place.right, window.scrollY + place.top); }
  });
  document.addEventListener("focusout", function () { say("", 0, 0); });
  document.addEventListener("keydown", function (event) {
    var steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }, svg = event.target.closest && event.target.closest("svg.chart, svg.sketch");
    if (event.key === "Escape") { say("", 0, 0); }
    if (!svg || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    var marks = Array.prototype.slice.call(svg.querySelectorAll("[aria-label]")), at = marks.indexOf(event.target);
    var next = marks[at < 0 ? 0 : (at + steps[event.key] + marks.length) % marks.length];
    if (!next) { return; }
    event.preventDefault();
    next.setAttribute("tabindex", "-1");
    next.focus({ preventScroll: true });
  });
  Array.prototype.forEach.call(document.querySelectorAll("svg.chart, svg.sketch"), function (svg) {
    if (svg.querySelector("[aria-label]")) { svg.setAttribute("tabindex", "0"); }
  });
})();
