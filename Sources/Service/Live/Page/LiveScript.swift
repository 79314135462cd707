/// The script of the live page. Whatever the run has named is put in as text, and never as markup.
enum LiveScript {
  static let text = #"""

    'use strict';
    (function () {
      const SVG = 'http://www.w3.org/2000/svg', MOST = 480;
      const byId = id => document.getElementById(id);
      let points = [], state = null, source = null, isOver = false, again = 0;

      function put(node, text) { text = String(text); if (node.textContent !== text) node.textContent = text; }
      function show(node, isShown) { if (node.hidden === isShown) node.hidden = !isShown; }
      function make(name, text, kind) {
        const node = document.createElement(name);
        if (text !== undefined) node.textContent = String(text);
        if (kind) node.className = kind;
        return node;
      }
      const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
      const fine = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});
      function number(value) {
        if (value === null || value === undefined) return '–';
        return Math.abs(value) >= 100 || Number.isInteger(value) ? whole.format(value) : fine.format(value);
      }
      function span(seconds) {
        if (seconds === null || seconds === undefined) return '–';
        if (seconds < 1) return number(seconds * 1000) + ' ms';
        if (seconds < 120) return number(seconds) + ' s';
        if (seconds < 7200) return number(Math.round(seconds / 6) / 10) + ' min';
        return number(Math.round(seconds / 360) / 10) + ' h';
      }
      const clock = text => text ? text.replace('T', ' ').replace(/(\.\d+)?Z$/, '') : '–';
      const several = (count, one, many) => whole.format(count) + ' ' + (count === 1 ? one : many);

      // Figures: the same elements all the time, so that nothing jumps.
      const figures = new Map();
      function figure(name, value) {
        let node = figures.get(name);
        if (!node) {
          const box = make('div');
          box.append(make('dt', name), node = make('dd'));
          byId('figures').append(box);
          figures.set(name, node);
        }
        put(node, value);
      }

      // Pictures of the course: areas under lines, drawn anew in the same elements.
      const courses = [
        {name: 'Messages stored a second', value: (a, b) => (b[2] - a[2]) / (b[0] - a[0])},
        {name: 'Messages under way', value: (a, b) => b[5]},
        {name: 'Windows closed a second', value: (a, b) => (b[3] - a[3]) / (b[0] - a[0])},
        {name: 'Windows scored so far', value: (a, b) => b[4]}
      ];
      for (const course of courses) {
        const figure = make('figure');
        course.caption = make('figcaption', course.name);
        course.svg = document.createElementNS(SVG, 'svg');
        course.svg.setAttribute('viewBox', '0 0 600 100');
        course.svg.setAttribute('preserveAspectRatio', 'none');
        course.svg.setAttribute('role', 'img');
        for (const kind of ['area', 'curve']) {
          course[kind] = document.createElementNS(SVG, 'path');
          course[kind].setAttribute('class', kind);
          course.svg.append(course[kind]);
        }
        course.marks = document.createElementNS(SVG, 'g');
        course.svg.append(course.marks);
        const ends = make('div', undefined, 'ends');
        ends.append(course.from = make('span', '0 s'), course.to = make('span', ''));
        figure.append(course.caption, course.svg, ends);
        byId('courses').append(figure);
      }
      function draw() {
        const last = points.length ? points[points.length - 1][0] : 0, from = points.length ? points[0][0] : 0;
        for (const course of courses) {
          const values = [];
          for (let i = 1; i < points.length; i++) {
            if (points[i][0] > points[i - 1][0]) values.push([points[i][0], Math.max(0, course.value(points[i - 1], points[i]))]);
          }
          const most = values.reduce((most, value) => Math.max(most, value[1]), 0);
          const x = at => (600 * (at - from) / Math.max(1e-9, last - from)).toFixed(1);
          const y = value => (98 - 92 * value / Math.max(1e-9, most)).toFixed(1);
          const line = values.map(value => x(value[0]) + ' ' + y(value[1])).join('L');
          course.curve.setAttribute('d', line ? 'M' + line : '');
          course.area.setAttribute('d', line ? 'M' + x(values[0][0]) + ' 98L' + line + 'L' + x(last) + ' 98Z' : '');
          const now = values.length ? values[values.length - 1][1] : 0;
          const text = course.name + ': ' + (isOver ? 'last ' : 'now ') + number(now) + ', most ' + number(most);
          put(course.caption, text);
          course.svg.setAttribute('aria-label', text);
          put(course.from, from < 1 ? '0 s' : span(from));
          put(course.to, span(last));
          const happened = state ? state.faults.filter(fault => fault[2] !== null) : [];
          while (course.marks.childNodes.length > happened.length) course.marks.lastChild.remove();
          happened.forEach((fault, i) => {
            const mark = course.marks.childNodes[i] || course.marks.appendChild(document.createElementNS(SVG, 'line'));
            const at = x(Math.min(last, Math.max(from, fault[2])));
            for (const [name, value] of [['class', 'event'], ['x1', at], ['x2', at], ['y1', 0], ['y2', 98]]) mark.setAttribute(name, value);
          });
        }
      }

      // Tables: rows are kept where they are, and their texts changed.
      function table(place, caption, columns, rows) {
        const key = 'table-' + caption;
        let node = place[key];
        if (!node) {
          const box = make('div', undefined, 'table'), head = make('tr');
          // It may be wider than a telephone, and is then moved by the keys.
          box.tabIndex = 0;
          box.setAttribute('role', 'group');
          box.setAttribute('aria-label', caption);
          for (const column of columns) {
            const cell = make('th', column[0], column[1]);
            cell.scope = 'col';
            head.append(cell);
          }
          node = make('table');
          node.append(make('caption', caption, 'quiet'), make('thead'), make('tbody'));
          node.tHead.append(head);
          box.append(node);
          place.append(box);
          place[key] = node;
          node.box = box;
        }
        show(node.box, rows.length > 0);
        const body = node.tBodies[0];
        while (body.rows.length > rows.length) body.lastChild.remove();
        rows.forEach((row, i) => {
          const line = body.rows[i] || body.appendChild(make('tr'));
          row.forEach((text, j) => {
            let cell = line.cells[j];
            if (!cell) {
              cell = line.appendChild(make('td', undefined, columns[j][1]));
              cell.dataset.column = columns[j][0];
            }
            put(cell, text);
          });
        });
      }
      function line(place, name, text) {
        let node = place[name];
        if (!node) place.append(place[name] = node = make('p'));
        put(node, text);
        show(node, text !== '');
      }

      const STATES = ['waiting', 'normal', 'silent', 'anomalous'], WORDS = ['no value yet', '', 'silent', 'anomaly'];
      function drawDevices(data) {
        const list = byId('cells'), cells = data.cells;
        while (list.children.length > cells.length) list.lastChild.remove();
        cells.forEach((cell, i) => {
          let item = list.children[i];
          if (!item) {
            item = make('li');
            item.append(make('b'), make('span'), make('span'), make('span', undefined, 'mark'));
            list.append(item);
          }
          if (item.className !== STATES[cell[1]]) item.className = STATES[cell[1]];
          const [name, value, score, mark] = item.children;
          put(name, cell[0]);
          if (name.title !== cell[0]) name.title = cell[0];
          // The value first: a long name loses its end, and is whole under the pointer.
          put(value, cell[2] === null ? '' : number(cell[2]) + (cell[3] === null ? '' : ' ' + data.sensors[cell[3]]));
          if (value.title !== value.textContent) value.title = value.textContent;
          put(score, cell[4] === null ? '' : 'score ' + number(cell[4]));
          put(mark, WORDS[cell[1]]);
        });
        const of = data.total > cells.length ? 'the worst ' + whole.format(cells.length) + ' of ' + whole.format(data.total) : whole.format(data.total);
        drawDevices.of = 'Shown: ' + of;
        drawCounts();
      }
      function drawCounts() {
        if (!state || !state.devices.total) return;
        const d = state.devices;
        put(byId('counts'), several(d.total, 'device', 'devices') + ': ' + whole.format(d.anomalous) + ' with an anomaly in the last scored window, ' +
          whole.format(d.silent) + ' silent, ' + whole.format(d.normal) + ' normal, ' + whole.format(d.waiting) + ' without a value. ' + (drawDevices.of || ''));
      }

      function drawState(next) {
        state = next;
        const s = next, p = s.point || [0, 0, 0, 0, 0, 0], end = s.end;
        put(byId('scenario'), s.scenario);
        put(byId('folder'), s.folder);
        document.title = s.scenario + ' · Sonde';
        // Only what is news: it is read out.
        put(byId('verdict'), end ? end.sentence : s.quiet_seconds > 60 ? 'No news of the run for more than a minute' : 'Running: ' + s.phase);
        byId('verdict').className = end && end.verdict !== 'passed' ? 'bad' : '';
        put(byId('reason'), end && end.reason || '');
        show(byId('reason'), !!(end && end.reason));
        const unmet = byId('unmet');
        show(unmet, !!(end && end.failed.length));
        if (end && unmet.children.length !== end.failed.length) {
          unmet.replaceChildren(...end.failed.map(one => make('li', one[0] + ' (it was ' + one[1] + ')')));
        }
        show(byId('report'), !!(end && end.report));
        const share = s.planned ? Math.min(100, 100 * (p[2] + s.late + s.rejected) / s.planned) : end ? 100 : 0;
        byId('share').value = share;
        figure('Wall clock', span(p[0]));
        figure('Event time', clock(s.event_time));
        figure('Messages stored', number(p[2]) + (s.planned ? ' of ' + number(s.planned) : ''));
        figure('Messages published', number(p[1]));
        figure('Late, rejected', number(s.late) + ', ' + number(s.rejected));
        figure('Windows closed', number(p[3]));
        figure('Windows revised', number(s.windows_revised));
        figure('Watermark', clock(s.watermark));
        if (!end) {
          figure('Stored a second', s.rates ? number(s.rates.stored) : '–');
          figure('Under way', several(p[5], 'message', 'messages'));
          figure('Mean time under way', span(s.wait_seconds));
        } else {
          for (const name of ['Stored a second', 'Under way', 'Mean time under way']) {
            if (figures.has(name)) { figures.get(name).parentNode.remove(); figures.delete(name); }
          }
          if (end.lost !== null) figure('Readings lost', number(end.lost));
          if (end.recall !== null) figure('Recall', number(end.recall));
          for (const [name, value] of end.latency_ms) figure('Latency ' + name, number(value) + ' ms');
        }
        drawCounts();

        const faults = byId('faults');
        show(byId('s-faults'), s.faults.length + s.notices.length > 0);
        table(faults, 'Faults', [['At', 'number'], ['Fault', 'text'], ['What happened', 'text']],
          s.faults.map(f => [f[2] === null ? '–' : span(f[2]), f[0], f[1] === null ? (end ? 'it has not happened' : 'to come') : f[1]]));
        line(faults, 'more', s.more_faults ? several(s.more_faults, 'further fault', 'further faults') : '');
        table(faults, 'Notices', [['At', 'number'], ['Notice', 'text']], s.notices.slice().reverse().map(n => [span(n[0]), n[1]]));

        const jobs = s.jobs;
        show(byId('s-jobs'), !!jobs);
        if (jobs) {
          const states = ['queued', 'provisioning', 'running', 'finalizing', 'completed', 'failed', 'canceled'];
          line(byId('jobs'), 'sum', several(jobs.total, 'job', 'jobs') + ': ' + states.filter(name => jobs[name]).map(name => whole.format(jobs[name]) + ' ' + name).join(', ') +
            '; ' + several(jobs.predictions, 'window', 'windows') + ' scored, ' + several(jobs.retries, 'retry', 'retries'));
          table(byId('jobs'), jobs.total > jobs.newest.length ? 'The newest jobs' : 'Jobs',
            [['Job'], ['State'], ['Tasks done', 'number'], ['Tasks failed', 'number'], ['Windows', 'number'], ['Took', 'number'], ['Reason', 'text']],
            jobs.newest.map(j => [j[0], j[1], number(j[3]) + ' of ' + number(j[2]), number(j[4]), number(j[5]), span(j[6]), j[7] || '']));
        }

        const nodes = byId('nodes');
        show(byId('s-nodes'), s.nodes.ever + s.replicas.length > 0 || !!(end && end.cost_dollars !== null));
        line(nodes, 'sum', several(s.nodes.present, 'node', 'nodes') + ' now, ' + whole.format(s.nodes.ever) + ' ever; they have cost ' + span(s.nodes.seconds) + ' of node time' +
          (end && end.cost_dollars !== null ? ', ' + fine.format(end.cost_dollars) + ' US dollars' : ''));
        table(nodes, 'Nodes', [['Compute target'], ['Node', 'number'], ['State']], s.nodes.list);
        table(nodes, 'Replicas of the scoring service', [['Replica', 'number'], ['State']], s.replicas);

        show(byId('s-parts'), s.parts.length > 0);
        table(byId('parts'), 'Memory and processors of each part', [['Part'], ['Memory', 'number'], ['Processors busy', 'number']],
          s.parts.map(part => [part[0], number(part[1] / 1048576) + ' MiB', part[2] === null ? '–' : fine.format(part[2])]));
        draw();
      }

      function addPoint(point) {
        if (!point) return;
        const last = points[points.length - 1];
        if (last && point[0] <= last[0]) return;
        points.push(point);
        // Half as many: neighbours become one, with the larger backlog.
        if (points.length > MOST) {
          points = points.filter((one, i) => {
            if (i % 2 === 0 && i + 1 < points.length) { points[i + 1][5] = Math.max(points[i + 1][5], one[5]); return false; }
            return true;
          });
        }
      }
      function finish(whole) {
        isOver = true;
        if (source) source.close();
        drawState(whole);
        put(byId('link'), 'The run has ended, and this is its last state');
      }
      function receive() {
        const status = byId('link');
        source = new EventSource('/events');
        source.addEventListener('history', event => { points = JSON.parse(event.data).points; });
        source.addEventListener('state', event => {
          const next = JSON.parse(event.data);
          addPoint(next.point);
          drawState(next);
          put(status, next.trouble ? 'Connected; a file could not be read: ' + next.trouble : 'Connected, latest state');
        });
        source.addEventListener('devices', event => drawDevices(JSON.parse(event.data)));
        source.addEventListener('end', event => finish(JSON.parse(event.data)));
        source.onerror = () => {
          if (isOver) return;
          put(status, 'The connection is lost; what is shown may be old');
          if (source.readyState === EventSource.CLOSED) fetchAll();
        };
      }
      // After the end there is no stream, and where too many watch there is none either.
      function fetchAll() {
        fetch('/state.json').then(answer => answer.json()).then(all => {
          points = all.history.points;
          drawDevices(all.devices);
          if (all.state.end) return finish(all.state);
          drawState(all.state);
          put(byId('link'), 'Too many watch this run; this is how it was a moment ago');
          later(10000);
        }).catch(() => {
          put(byId('link'), 'The page’s server has gone; what is shown is the last that was heard');
          later(10000);
        });
      }
      function later(pause) { clearTimeout(again); again = setTimeout(start, pause); }
      function start() {
        clearTimeout(again);
        if (isOver || document.hidden) return;
        if (source) source.close();
        receive();
      }
      document.addEventListener('visibilitychange', () => {
        if (!document.hidden) return start();
        clearTimeout(again);
        if (source) source.close();
        source = null;
      });
      start();
    })();

    """#
}
