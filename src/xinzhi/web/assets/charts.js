(function () {
  "use strict";
  /* Draws each chart of the page anew from its specification, with a line for what the pointer is on. No code is made
     from text (ast), and no style is put into the page. */
  var language = document.documentElement.lang;
  Object.keys(window.xinzhiCharts || {}).forEach(function (key) {
    var figure = document.getElementById(key), box = figure && figure.querySelector(".drawn"), svg = box && box.querySelector("svg");
    if (!svg) { return; }
    var spec = window.xinzhiCharts[key], stage = document.createElement("div");
    spec.config = spec.config || {};
    spec.config.mark = Object.assign({}, spec.config.mark, { tooltip: { content: "data" } });
    stage.className = "stage";
    stage.setAttribute("role", "img");
    stage.setAttribute("aria-labelledby", key + "-title");
    window.vegaEmbed(stage, spec, {
      actions: false, ast: true, renderer: "canvas", defaultStyle: false, hover: false,
      tooltip: function (handler, event, item, value) { tell(event, value); }
    }).then(function () {
      svg.classList.add("replaced");
      box.appendChild(stage);
    });
  });

  var told = document.createElement("div");
  told.className = "told";
  told.setAttribute("aria-hidden", "true");
  told.hidden = true;
  document.body.appendChild(told);
  function said(value) {
    if (typeof value === "number") {
      return (Math.abs(value) >= 1000 || Number.isInteger(value) ? String(value) : value.toFixed(2)).replace("-", "\u2212");
    }
    return typeof value === "string" ? value : "";
  }
  function tell(event, value) {
    told.textContent = "";
    if (value === null || value === undefined || value === "") { told.hidden = true; return; }
    var names = ["name", "group", "factor", "period", "year", "label", "value"], lines = [];
    if (typeof value === "object") {
      names.forEach(function (name) {
        var text = said(value[name]);
        if (text && text.replace(/[\s\u200b]/g, "") && lines.indexOf(text) < 0) { lines.push(text); }
      });
    } else { lines.push(said(value)); }
    if (!lines.length) { told.hidden = true; return; }
    lines.forEach(function (line, at) {
      var made = document.createElement(at ? "span" : "b");
      made.textContent = line;
      told.appendChild(made);
    });
    told.lang = language;
    told.hidden = false;
    told.style.left = Math.min(event.pageX + 14, window.scrollX + document.documentElement.clientWidth - told.offsetWidth - 8) + "px";
    told.style.top = event.pageY + 16 + "px";
  }
})();
