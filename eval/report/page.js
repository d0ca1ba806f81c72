/* eval/report/page.js - tables that sort and filter, charts from the page's data, the theme */
(function () {
'use strict';
var data = JSON.parse(document.getElementById('data').textContent);
var root = document.documentElement;

/* Makes an element; text only as text. */
function element(name, attributes, text) {
  var e = document.createElement(name);
  Object.keys(attributes || {}).forEach(function (k) { e.setAttribute(k, attributes[k]); });
  if (text !== undefined) e.textContent = text;
  return e;
}

/* ---- Tables ---- */

/* A cell's value: what data-v says, a number where its text is one, else the text. */
function valueOf(cell) {
  if (!cell) return '';
  var text = cell.hasAttribute('data-v') ? cell.getAttribute('data-v') : cell.textContent.trim();
  if (text === '' || text === 'null' || text === '\u2013') return null;
  var number = Number(text.replace(/,/g, '').replace('\u2212', '-'));
  return isNaN(number) ? text : number;
}

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, {numeric: true});
}

function sortBy(table, index, way) {
  var body = table.tBodies[0], rows = Array.from(body.rows);
  var keyed = rows.map(function (row, i) { return {row: row, at: i, v: valueOf(row.cells[index])}; });
  keyed.sort(function (x, y) {
    if (x.v === null || y.v === null) /* what is not known comes last, both ways */
      return x.v === y.v ? x.at - y.at : x.v === null ? 1 : -1;
    return way * compare(x.v, y.v) || x.at - y.at;
  });
  var fragment = document.createDocumentFragment();
  keyed.forEach(function (k) { fragment.appendChild(k.row); });
  body.appendChild(fragment);
}

/* changed is called after the rows were put in another order. */
function makeSortable(table, changed) {
  var heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach(function (head, index) {
    var button = element('button', {type: 'button'}, head.textContent);
    head.textContent = '';
    head.appendChild(button);
    button.addEventListener('click', function () {
      var first = table.tBodies[0].rows[0];
      var numeric = first && typeof valueOf(first.cells[index]) === 'number';
      var now = head.getAttribute('aria-sort');
      var way = now ? (now === 'ascending' ? 'descending' : 'ascending')
                    : (numeric ? 'descending' : 'ascending');
      heads.forEach(function (h) { h.removeAttribute('aria-sort'); });
      head.setAttribute('aria-sort', way);
      sortBy(table, index, way === 'ascending' ? 1 : -1);
      changed();
    });
  });
}

/* Rows that a table shows before it is asked for more: thousands take seconds to lay out. */
var ROWS_AT_ONCE = 300;
var tables = 0;
/* Gives what shows the rows that are wanted, to be called when their order changes. */
function makeFilter(table) {
  var box = table.closest('.scroll'), what = table.dataset.what;
  var id = 'filter-' + (++tables), texts = new Map(), limit = ROWS_AT_ONCE;
  var line = element('p', {class: 'controls'});
  var input = element('input', {type: 'search', id: id, autocomplete: 'off'});
  var count = element('span', {class: 'count', role: 'status', 'aria-live': 'polite'});
  var more = element('button', {type: 'button', class: 'more'});
  line.append(element('label', {for: id}, 'Filter ' + what), input, count, more);
  box.parentNode.insertBefore(line, box);
  function textOf(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }
  function apply() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), found = 0;
    var rows = Array.from(table.tBodies[0].rows);
    rows.forEach(function (row) {
      var on = words.every(function (w) { return textOf(row).indexOf(w) >= 0; });
      found += on;
      row.hidden = !on || found > limit;
    });
    count.textContent = (words.length ? found + ' of ' + rows.length : rows.length + ' ' + what) +
      (found > limit ? ', the first ' + limit + ' shown' : '');
    more.hidden = found <= limit;
    more.textContent = 'Show all ' + found;
  }
  input.addEventListener('input', function () { limit = ROWS_AT_ONCE; apply(); });
  more.addEventListener('click', function () { limit = Infinity; apply(); input.focus(); });
  apply();
  return apply;
}

document.querySelectorAll('table.smart').forEach(function (table) {
  makeSortable(table, table.tBodies[0].rows.length > 8 ? makeFilter(table) : function () {});
});
document.querySelectorAll('.scroll').forEach(function (box) {
  /* Boxes that scroll must be reachable by keyboard, and say what they are. */
  var caption = box.querySelector('caption'), heading = box.closest('section');
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', caption ? caption.textContent
    : heading && heading.querySelector('h2') ? heading.querySelector('h2').textContent : 'table');
});

/* ---- The theme ---- */

var dark = window.matchMedia('(prefers-color-scheme: dark)');
var button = element('button', {type: 'button', class: 'theme'});
function isDark() {
  return root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches;
}
function nameTheme() { button.textContent = isDark() ? 'Light' : 'Dark'; }
button.addEventListener('click', function () {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  nameTheme();
  redraw();
});
dark.addEventListener('change', function () { nameTheme(); redraw(); });
nameTheme();
document.body.appendChild(button);

/* ---- Charts ---- */

var charts = {};
function color(name) { return getComputedStyle(root).getPropertyValue('--' + name).trim(); }
function fade(hex, alpha) {
  var n = parseInt(hex.slice(1), 16);
  return 'rgba(' + (n >> 16) + ',' + (n >> 8 & 255) + ',' + (n & 255) + ',' + alpha + ')';
}
function wilson(right, n) {
  var z = 1.959963984540054, p = right / n, s = 1 + z * z / n;
  var m = (p + z * z / (2 * n)) / s, h = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / s;
  return [Math.max(0, m - h), Math.min(1, m + h)];
}
function draw(id, config) {
  var canvas = document.getElementById(id);
  if (!canvas) return;
  if (charts[id]) charts[id].destroy();
  config.options = Object.assign({maintainAspectRatio: false, animation: false,
    responsive: true}, config.options);
  charts[id] = new Chart(canvas, config);
}
function axis(title, more) {
  return Object.assign({title: {display: true, text: title, color: color('soft')},
    ticks: {color: color('soft')}, grid: {color: fade(color('line'), .6)}}, more);
}
function named(index, name) { /* without a WordNet id before the name */
  return shorten(index + (name ? ' ' + name.replace(/^n[0-9]{8} /, '') : ''),
    window.innerWidth < 640 ? 15 : 26);
}
/* To the width of n letters; those of East Asian scripts are twice as wide. */
function shorten(text, n) {
  var letters = Array.from(text), width = 0;
  for (var i = 0; i < letters.length; i++) {
    width += letters[i].codePointAt(0) >= 0x2e80 ? 2 : 1;
    if (width > n) return letters.slice(0, Math.max(1, i - 1)).join('') + '\u2026';
  }
  return text;
}
/* Ticks of a logarithmic axis at 1, 2 and 5 alone. */
function roundTicks(scale) {
  scale.ticks = scale.ticks.filter(function (t) {
    var first = t.value.toExponential(0);
    return '125'.indexOf(first[0]) >= 0 && Math.abs(Number(first) / t.value - 1) < 1e-6;
  });
}

/* Points of a group and the front over them: cheapest first, each better than all before. */
function frontOf(points, by) {
  var best = -1;
  return points.slice().sort(function (a, b) { return a[by] - b[by] || b.top1 - a.top1; })
    .filter(function (p) { return p.top1 > best && ((best = p.top1), true); });
}
function tip(p, by) {
  return shorten(p.model, 60) + ', run ' + p.run + ': ' + (100 * p.top1).toFixed(2) + ' % (' +
    (100 * p.low).toFixed(1) + ' to ' + (100 * p.high).toFixed(1) + '), ' +
    p[by].toPrecision(3) + (by === 'ms' ? ' ms' : ' MB');
}
function drawFront() {
  if (!data.points || !document.getElementById('chart-front')) return;
  var by = document.getElementById('axis').value;
  var group = document.getElementById('group').value;
  var points = data.points.filter(function (p) {
    return p.group === group && p[by] !== null && p[by] > 0;
  });
  var front = frontOf(points, by);
  function at(p) { return {x: p[by], y: 100 * p.top1, p: p}; }
  var costs = points.map(function (p) { return p[by]; });
  var marked = points.filter(function (p) { return data.marked.indexOf(p.run) >= 0; });
  draw('chart-front', {
    data: {datasets: [
      {type: 'line', label: 'no other beats these', data: front.map(at), stepped: 'before',
        borderColor: color('accent'), backgroundColor: color('accent'), borderWidth: 2,
        pointRadius: 4},
      {type: 'scatter', label: marked.length > 1 ? 'the two runs' : 'this run',
        data: marked.map(at), backgroundColor: color('bad'), borderColor: color('bad'),
        pointRadius: 8, pointStyle: 'rectRot'},
      {type: 'scatter', label: 'other runs', data: points.map(at),
        backgroundColor: fade(color('soft'), .55), borderColor: fade(color('soft'), .8),
        pointRadius: 3}
    ].filter(function (d) { return d.data.length > 0; })},
    options: {
      scales: {x: axis(by === 'ms' ? 'milliseconds a picture, log scale' : 'megabytes, log scale',
        {type: 'logarithmic', min: Math.min.apply(null, costs) / 1.5,
          max: Math.max.apply(null, costs) * 1.5, afterBuildTicks: roundTicks, ticks: {color: color('soft'),
          maxRotation: 0, autoSkipPadding: 8, callback: function (v) { return Number(v.toPrecision(2)).toString(); }}}),
        y: axis('top-1, %', {grace: '8%', ticks: {color: color('soft'),
          callback: function (v, i, all) { /* with the decimals that tell neighbours apart */
            var step = all.length > 1 ? Math.abs(all[1].value - all[0].value) : 1;
            return v.toFixed(step >= .999 ? 0 : step >= .0999 ? 1 : 2);
          }}})},
      plugins: {legend: {labels: {color: color('ink'), usePointStyle: true}},
        tooltip: {callbacks: {label: function (c) { return tip(c.raw.p, by); }}}}
    }
  });
}
function drawClasses() {
  var box = document.getElementById('box-classes');
  if (!data.classes || !box) return;
  if (!data.classes.some(function (c) { return c[1] >= 5; })) {
    box.replaceWith(element('p', {class: 'note'},
      'No bars: no class has five pictures or more, so a class\u2019s rate says little.'));
    return;
  }
  var worst = data.classes.slice().sort(function (a, b) {
    return a[2] * b[1] - b[2] * a[1] || b[1] - a[1] || a[0] - b[0];
  }).slice(0, 30);
  box.style.height = (4.5 + 1.35 * worst.length) + 'rem';
  var names = worst.map(function (c) { return named(c[0], c[3]); });
  draw('chart-classes', {
    type: 'bar',
    data: {labels: names, datasets: [
      {label: 'top-1', data: worst.map(function (c) { return 100 * c[2] / c[1]; }),
        backgroundColor: fade(color('accent'), .8), barPercentage: .8, categoryPercentage: .9,
        minBarLength: 2, grouped: false, order: 2},
      {label: '95 % interval', data: worst.map(function (c) {
          var w = wilson(c[2], c[1]); return [100 * w[0], 100 * w[1]]; }),
        backgroundColor: fade(color('ink'), .55), barPercentage: .14, grouped: false, order: 1}
    ]},
    options: {indexAxis: 'y',
      scales: {x: axis('top-1, %', {min: 0, max: 100}), y: axis('', {title: {display: false},
        grid: {display: false}, ticks: {color: color('ink'), autoSkip: false}})},
      plugins: {legend: {labels: {color: color('ink')}}, tooltip: {callbacks: {label: function (c) {
        var k = worst[c.dataIndex];
        return k[2] + ' of ' + k[1] + ' right' + (c.datasetIndex ? ', interval ' +
          c.raw[0].toFixed(1) + ' to ' + c.raw[1].toFixed(1) : '');
      }}}}}
  });
}
function drawReliability() {
  var bins = data.reliability;
  if (!bins) return;
  draw('chart-reliability', {
    data: {labels: bins.map(function (b, i) { return (100 * (i + .5) / bins.length).toFixed(0); }),
      datasets: [
        {type: 'line', label: 'as sure as right', data: bins.map(function (b, i) {
            return 100 * (i + .5) / bins.length; }), borderColor: color('soft'),
          borderDash: [6, 4], borderWidth: 2, pointRadius: 0},
        {type: 'bar', label: 'right', data: bins.map(function (b) {
            return b[0] ? 100 * b[1] / b[0] : null; }),
          backgroundColor: bins.map(function (b) {
            return fade(color('accent'), b[0] >= 20 ? .8 : .35); }),
          barPercentage: 1, categoryPercentage: .95}
      ]},
    options: {scales: {x: axis('probability of the answer, %'),
        y: axis('right, %', {min: 0, max: 100})},
      plugins: {legend: {labels: {color: color('ink')}}, tooltip: {callbacks: {label: function (c) {
        var b = bins[c.dataIndex];
        return c.dataset.type === 'line' ? 'as sure as right'
          : b[1] + ' of ' + b[0] + ' right' + (b[0] < 20 ? ' (few pictures)' : '');
      }}}}}
  });
}
function drawChanges() {
  var box = document.getElementById('box-changes');
  if (!data.changes || !box) return;
  var most = data.changes.slice(0, 24).sort(function (a, b) { return b[1] - a[1]; });
  box.style.height = (4.5 + 1.35 * most.length) + 'rem';
  draw('chart-changes', {
    type: 'bar',
    data: {labels: most.map(function (c) { return named(c[0], c[2]); }),
      datasets: [{label: 'pictures', data: most.map(function (c) { return c[1]; }),
        backgroundColor: most.map(function (c) {
          return fade(color(c[1] > 0 ? 'good' : 'bad'), .8); })}]},
    options: {indexAxis: 'y', scales: {x: axis('pictures gained or lost', {ticks: {precision: 0,
        color: color('soft')}}), y: axis('', {title: {display: false}, grid: {display: false},
        ticks: {color: color('ink'), autoSkip: false}})},
      plugins: {legend: {display: false}}}
  });
}
function redraw() {
  if (typeof Chart === 'undefined') return;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawFront();
  drawClasses();
  drawReliability();
  drawChanges();
}
function setUpFront() {
  var select = document.getElementById('group'), by = document.getElementById('axis');
  if (!data.points || !select) return;
  var sizes = {};
  data.points.forEach(function (p) { sizes[p.group] = (sizes[p.group] || 0) + 1; });
  var marked = data.points.filter(function (p) { return data.marked.indexOf(p.run) >= 0; });
  var groups = Object.keys(sizes).sort(function (a, b) { return sizes[b] - sizes[a]; });
  groups.forEach(function (g) {
    select.appendChild(element('option', {value: g}, g + ' (' + sizes[g] + ')'));
  });
  if (marked.length) select.value = marked[0].group;
  document.getElementById('front-controls').hidden = false;
  select.addEventListener('change', drawFront);
  by.addEventListener('change', drawFront);
}
/* Heads stand where their columns' numbers do. */
document.querySelectorAll('table').forEach(function (table) {
  var body = table.tBodies[0], head = table.tHead;
  if (!head || !body || !body.rows.length) return;
  Array.prototype.forEach.call(body.rows[0].cells, function (cell, i) {
    if (cell.className === 'num' && head.rows[0].cells[i]) head.rows[0].cells[i].className = 'num';
  });
});
if (typeof Chart === 'undefined') {
  document.querySelectorAll('.chart').forEach(function (box) {
    box.replaceWith(element('p', {class: 'note'},
      'No chart: this copy of imgcls was built without Chart.js. The table holds the same numbers.'));
  });
  document.querySelectorAll('details').forEach(function (d) { d.open = true; });
} else {
  setUpFront();
  redraw();
}
})();
