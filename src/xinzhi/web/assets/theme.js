(function () {
  "use strict";
  var here = document.currentScript;
  if (here && here.hasAttribute("data-front")) {
    location.replace((/^zh/i.test(navigator.language || "") ? "zh" : "en") + "/index.html");
    return;
  }
  try {
    var kept = localStorage.getItem("theme");
    if (kept === "dark" || kept === "light") { document.documentElement.setAttribute("data-theme", kept); }
  } catch (ignored) { return; }
})();
