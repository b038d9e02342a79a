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

  /* the menu of a narrow screen shows where one is */
  var current = document.querySelector(".menu [aria-current]"), strip = current && current.closest("ul");
  if (current && current.getBoundingClientRect().right > strip.getBoundingClientRect().right - 36) {
    strip.scrollLeft += current.getBoundingClientRect().left - strip.getBoundingClientRect().left - 24;
  }

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
      if (head.hasAttribute("data-fixed") || !head.textContent.trim() || head.querySelector("a")) { return; }
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
    button.setAttribute("aria-label", body.getAttribute("data-copy"));
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(function () {
        button.textContent = "✓";
        window.setTimeout(function () { button.textContent = "⧉"; }, 1200);
      });
    });
    code.parentNode.appendChild(button);
  });

  /* a form of choices alone asks by itself */
  each("form.ruler select", function (select) {
    if (select.form.querySelector("input:not([type=hidden])")) { return; }
    select.addEventListener("change", function () { select.form.submit(); });
  });

  /* boxes that show or hide a part of a drawing */
  each("[data-toggle]", function (box) {
    var name = box.getAttribute("data-toggle"), section = box.closest("section");
    box.parentNode.hidden = false;
    box.addEventListener("change", function () { section.classList.toggle(name, !box.checked); });
  });

  /* regions side by side: every one is there, those in the address are shown */
  each("form[data-compare]", function (form) {
    var selects = Array.prototype.slice.call(form.querySelectorAll("select"));
    function chosen() {
      return selects.map(function (one) { return one.value; }).filter(function (code, at, all) {
        return code && all.indexOf(code) === at;
      });
    }
    function show() {
      var codes = chosen();
      each("[data-code]", function (one) {
        var at = codes.indexOf(one.getAttribute("data-code"));
        one.classList.toggle("off", at < 0);
        for (var k = 0; k < 4; k += 1) { one.classList.toggle("k" + k, k === at && /polyline|text/.test(one.tagName)); }
      });
    }
    var asked = new URLSearchParams(location.search);
    selects.forEach(function (select) {
      var code = asked.get(select.name);
      if (code !== null && select.querySelector('option[value="' + code.replace(/\W/g, "") + '"]')) { select.value = code; }
      select.addEventListener("change", function () {
        show();
        selects.forEach(function (one) { if (one.value) { asked.set(one.name, one.value); } else { asked.delete(one.name); } });
        try { history.replaceState(null, "", "?" + asked.toString()); } catch (ignored) { return; }
      });
    });
    show();
  });

  /* the search: pages and regions, by their names in both languages, pinyin and codes */
  var find = document.getElementById("find"), list = document.getElementById("found"), at = -1;
  function loaded(then) {
    if (window.xinzhiIndex) { then(window.xinzhiIndex); return; }
    fetch(body.getAttribute("data-up") + "assets/search.js", function () { then(window.xinzhiIndex); });
  }
  function plain(text) { return text.toLowerCase().replace(/[\s'’·-]+/g, ""); }
  function match(entry, wish) {
    var best = 9;
    [entry.zh, entry.en].concat(entry.also || []).forEach(function (name) {
      var place = plain(name).indexOf(wish);
      if (place >= 0) { best = Math.min(best, plain(name) === wish ? 0 : place === 0 ? 1 : 2); }
    });
    return best;
  }
  function mark(next) {
    var items = list.children;
    if (!items.length) { return; }
    at = (next + items.length) % items.length;
    Array.prototype.forEach.call(items, function (item, k) { item.setAttribute("aria-selected", String(k === at)); });
    find.setAttribute("aria-activedescendant", items[at].id);
    items[at].scrollIntoView({ block: "nearest" });
  }
  function close() {
    list.hidden = true;
    find.setAttribute("aria-expanded", "false");
    find.removeAttribute("aria-activedescendant");
  }
  function go(item) {
    var kept = new URLSearchParams(location.search).get("protocol");
    var up = body.getAttribute("data-up"), language = body.getAttribute("data-language");
    var file = item.getAttribute("data-file").split("#");
    location.href = up + language + "/" + file[0] + (kept ? "?protocol=" + encodeURIComponent(kept) : "") + (file[1] ? "#" + file[1] : "");
  }
  function look() {
    loaded(function (index) {
      var wish = plain(find.value);
      if (!wish) { close(); return; }
      var language = body.getAttribute("data-language");
      var found = index.map(function (entry, k) { return { entry: entry, rank: match(entry, wish), k: k }; })
        .filter(function (one) { return one.rank < 9; })
        .sort(function (one, other) { return one.rank - other.rank || one.k - other.k; }).slice(0, 9);
      list.textContent = "";
      found.forEach(function (one, k) {
        var item = document.createElement("li"), small = document.createElement("small");
        item.id = "found-" + k;
        item.setAttribute("role", "option");
        item.setAttribute("data-file", one.entry.file);
        item.textContent = one.entry[language];
        small.textContent = one.entry[language === "zh" ? "en" : "zh"];
        small.lang = language === "zh" ? "en" : "zh-CN";
        item.appendChild(small);
        item.addEventListener("mousedown", function (event) { event.preventDefault(); go(item); });
        list.appendChild(item);
      });
      list.hidden = !found.length;
      find.setAttribute("aria-expanded", String(!!found.length));
      at = -1;
      if (found.length) { mark(0); }
    });
  }
  find.hidden = false;
  find.addEventListener("input", look);
  find.addEventListener("focus", look);
  find.addEventListener("blur", close);
  find.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(at + (event.key === "ArrowDown" ? 1 : -1)); }
    else if (event.key === "Enter" && !list.hidden && list.children[at]) { event.preventDefault(); go(list.children[at]); }
    else if (event.key === "Escape") { close(); find.blur(); }
  });
  document.addEventListener("keydown", function (event) {
    var tag = document.activeElement ? document.activeElement.tagName : "";
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(tag) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.focus();
    }
  });

  /* a line for what the pointer is on: a range by its row and label, of lines the nearest point; marks.js has the marks of charts */
  function nearest(svg, event) {
    var least = 24, best = "";
    Array.prototype.forEach.call(svg.querySelectorAll("polyline[data-figures]:not(.off)"), function (line) {
      var to = line.getScreenCTM(), figures = line.getAttribute("data-figures").split("|");
      figures.forEach(function (one, at) {
        var point = line.points.getItem(at), far = Math.hypot(to.a * point.x + to.e - event.clientX, to.d * point.y + to.f - event.clientY);
        if (far < least) { least = far; best = line.getAttribute("data-name") + "\n" + one; }
      });
    });
    return best;
  }
  document.addEventListener("pointermove", function (event) {
    var on = event.target.closest && event.target.closest(".range, svg.lines"), text = "";
    if (!on) { return; }
    if (on.classList.contains("range")) { text = on.closest("tr").querySelector("th").textContent + "\n" + on.getAttribute("aria-label"); }
    else { text = nearest(on, event); }
    window.xinzhiSay(text, event.pageX, event.pageY);
  });
  /* scripts that are fetched when they are needed */
  function fetch(src, then) {
    var script = document.createElement("script");
    script.src = src;
    script.onload = then;
    document.head.appendChild(script);
  }

  /* what is shown, as a file: the figures of a table, the drawing of a figure */
  function save(name, blob) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 4000);
  }
  function csv(table) {
    return "\ufeff" + Array.prototype.map.call(table.rows, function (row) {
      return Array.prototype.filter.call(row.cells, function (cell) {
        return !cell.classList.contains("line") && !cell.classList.contains("off");
      }).map(function (cell) {
        var text = cell.textContent.replace(/\s+/g, " ").trim().replace(/\u2212/g, "-");
        if (/^[=+@\t]/.test(text) || (/^-/.test(text) && isNaN(Number(text)))) { text = "'" + text; }
        return '"' + text.replace(/"/g, '""') + '"';
      }).join(",");
    }).join("\r\n");
  }
  function title() { return (body.getAttribute("data-page") + "-" + document.title.split(/[｜|]/)[0]).trim().replace(/[\s\\/:*?"<>]+/g, "-"); }
  function button(text, does) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", does);
    return made;
  }
  each("main table", function (table, k) {
    var box = table.closest(".scroll") || table, next = box.nextElementSibling;
    while (next && next.classList.contains("notes")) { next = next.nextElementSibling; }
    if (table.rows.length < 3 || (window.xinzhiServer && next && next.matches("p[data-file]"))) { return; }
    var line = document.createElement("p");
    line.className = "save";
    line.appendChild(document.createTextNode(body.getAttribute("data-shown") + " "));
    line.appendChild(button("CSV", function () {
      save(title() + "-" + (table.id || table.className.split(" ")[0] || k) + ".csv", new Blob([csv(table)], { type: "text/csv" }));
    }));
    box.parentNode.insertBefore(line, box.nextSibling);
  });
  function files(holder, kinds, line) {
    var asked = holder.getAttribute("data-asked");
    kinds.forEach(function (kind) {
      var link = document.createElement("a"), suffix = { sdmx: "SDMX-CSV", json: "Vega-Lite" }[kind] || kind.toUpperCase();
      link.href = body.getAttribute("data-up") + "api/v1/" + holder.getAttribute("data-file") + "." + kind + "?" + asked;
      link.textContent = suffix;
      link.setAttribute("download", "");
      line.appendChild(link);
    });
  }
  if (window.xinzhiServer) {
    each("p[data-file]", function (line) { line.textContent = body.getAttribute("data-shown"); files(line, ["csv", "xlsx", "parquet"], line); });
  }
  function alone(svg) { /* away from the page it has no font but its own */
    var made = svg.cloneNode(true);
    if (!made.getAttribute("font-family")) { made.setAttribute("font-family", window.getComputedStyle(body).fontFamily); }
    return made;
  }
  each(".figure, figure.small", function (figure) {
    var svg = figure.querySelector(".drawn svg, :scope > svg"), line = document.createElement("p"), said = figure.querySelector("figcaption");
    if (!svg || !said) { return; }
    line.className = "save";
    line.appendChild(button("SVG", function () {
      save(title() + "-" + figure.id + ".svg", new Blob([new XMLSerializer().serializeToString(alone(svg))], { type: "image/svg+xml" }));
    }));
    said.appendChild(line);
    if (window.xinzhiServer && figure.hasAttribute("data-file")) { files(figure, ["png", "json"], line); return; }
    line.appendChild(button("PNG", function () {
      var image = new Image(), box = svg.viewBox.baseVal, canvas = document.createElement("canvas");
      var wide = (box && box.width) || svg.clientWidth, tall = (box && box.height) || svg.clientHeight, text = alone(svg);
      text.setAttribute("width", wide);
      text.setAttribute("height", tall);
      canvas.width = 2 * wide;
      canvas.height = 2 * tall;
      image.onload = function () {
        var drawn = canvas.getContext("2d");
        drawn.fillStyle = "#fff";
        drawn.fillRect(0, 0, canvas.width, canvas.height);
        drawn.drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(function (blob) { save(title() + "-" + figure.id + ".png", blob); });
      };
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(text));
    }));
  });
})();
