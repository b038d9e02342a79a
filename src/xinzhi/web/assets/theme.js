(function () {
  "use strict";
  try {
    var kept = localStorage.getItem("theme");
    if (kept === "dark" || kept === "light") { document.documentElement.setAttribute("data-theme", kept); }
  } catch (ignored) { return; }
})();
