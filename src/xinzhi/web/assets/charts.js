(function () {
  "use strict";
  /* Draws each chart of the page anew from its specification, with a line for what the pointer is on. No code is made
     from text (ast), and no style is put into the page. */
  var language = document.documentElement.lang;
  Object.keys(window.xinzhiCharts || {}).forEach(function (key) {
    var figure = document.getElementById(key), box = figure && figure.querySelector(".drawn"), svg = box && box.querySelector("svg");
    if (!svg) { return; }
    var spec = window.xinzhiCharts[key], stage = document.createElement("div");
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
  function tell(event, value) {
    told.textContent = "";
    if (typeof value !== "string" || !value) { told.hidden = true; return; }
    value.split("\n").forEach(function (line, at) {
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
