(function () {
  "use strict";
  /* Draws each chart of the page anew from its specification, with a line for what the pointer is on. No code is made
     from text (ast), and no style is put into the page. */
  Object.keys(window.xinzhiCharts || {}).forEach(function (key) {
    var figure = document.getElementById(key), box = figure && figure.querySelector(".drawn"), svg = box && box.querySelector("svg");
    if (!svg) { return; }
    var spec = window.xinzhiCharts[key], stage = document.createElement("div");
    stage.className = "stage";
    stage.setAttribute("role", "img");
    stage.setAttribute("aria-labelledby", key + "-title");
    window.vegaEmbed(stage, spec, {
      actions: false, ast: true, renderer: "canvas", defaultStyle: false, hover: false,
      tooltip: function (handler, event, item, value) { window.xinzhiTell(event, value); }
    }).then(function () {
      svg.classList.add("replaced");
      box.appendChild(stage);
    });
  });
})();
