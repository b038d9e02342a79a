(function () {
  "use strict";
  var root = document.documentElement, body = document.body;
  function language() { return document.getElementById("lang-zh").checked ? "zh" : "en"; }
  function place() { return decodeURIComponent(location.hash.slice(1)).split("~")[0]; }
  function remember() {
    root.lang = language() === "zh" ? "zh-CN" : "en";
    document.title = body.getAttribute("data-" + language());
    try { history.replaceState(null, "", "#" + place() + "~" + language()); } catch (ignored) { return; }
  }
  function browser() {
    var first = (navigator.languages && navigator.languages[0]) || navigator.language || "";
    return /^zh/i.test(first) ? "zh" : /^en/i.test(first) ? "en" : "";
  }
  function follow() {
    var wanted = location.hash.split("~")[1], target = place() && document.getElementById(place());
    if (wanted === "zh" || wanted === "en") { document.getElementById("lang-" + wanted).checked = true; }
    for (var one = target; one; one = one.parentElement) { if (one.tagName === "DETAILS") { one.open = true; } }
    if (target) { target.scrollIntoView(); }
    if (location.hash) { remember(); }
  }
  function yearly(open) {
    document.querySelectorAll("details.yearly").forEach(function (one) { one.open = open; });
  }
  document.querySelectorAll(".switch").forEach(function (one) { one.addEventListener("change", remember); });
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", function () { yearly(true); });
  window.addEventListener("afterprint", function () { yearly(false); });
  if (!location.hash.split("~")[1] && browser()) {
    document.getElementById("lang-" + browser()).checked = true;
    root.lang = language() === "zh" ? "zh-CN" : "en";
    document.title = body.getAttribute("data-" + language());
  }
  follow();
})();
