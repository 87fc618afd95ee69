'use strict';
const interval = 2000;       // ms between looks
const patience = 5000;       // ms for an answer
const most_routes = 300;     // shown one by one, and asked for
const page = {};             // what each part was last made of
let seen = null;             // when there was an answer, by this clock

const by_id = (id) => document.getElementById(id);

/** An element. Texts become text nodes: nothing that the daemon says is read as HTML. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ''));
  return element;
}

function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days) return `${days}d ${hours}h`;
  if (hours) return `${hours}h ${minutes}m`;
  if (minutes) return `${minutes}m ${whole % 60}s`;
  return `${whole}s`;
}

/** How long ago, kept up to date by tick(). */
function since(time) {
  return time === null ? '' : make('time', {datetime: time, title: time, 'data-since': ''});
}

const ago = (time) => make('span', {class: 'tight'}, since(time), ' ago');

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll('[data-since]'))
    element.textContent = duration((now - Date.parse(element.dateTime)) / 1000);
}

function took(seconds) {
  if (seconds === null) return '';
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`
                     : `${seconds.toFixed(1)} s`;
}

const badge = (look, text) => make('span', {class: `badge ${look}`}, text);
const looks = {up: 'good', pass: 'good', degraded: 'warn', down: 'bad', fail: 'bad'};
const state = (text) => badge(looks[text] || 'calm', text);

/** A table of rows, each an array of cells: texts, elements, or arrays of them. */
function table(titles, rows, empty) {
  if (!rows.length) return make('p', {class: 'none'}, empty);
  const head = titles.map((title) => make('th', {scope: 'col', role: 'columnheader'}, title));
  const body = rows.map((cells) => make('tr', {role: 'row'}, ...cells.map((cell, at) => {
    const parts = [cell].flat().filter((part) => part !== null && part !== '');
    const attributes = at ? {'data-label': titles[at], role: 'cell'}
                          : {scope: 'row', role: 'rowheader'};
    if (!parts.length) attributes.class = 'blank';
    return make(at ? 'td' : 'th', attributes, ...parts);
  })));
  // The roles are said, for a phone's layout takes them from the elements.
  return make('table', {role: 'table'},
              make('thead', {role: 'rowgroup'}, make('tr', {role: 'row'}, ...head)),
              make('tbody', {role: 'rowgroup'}, ...body));
}

const small = (text) => text ? make('small', {}, text) : null;
const text = (value) => value ? make('span', {}, value) : '';
const said = (value) => value ? make('span', {class: 'said'}, value) : '';
const clock = (time) => new Date(time).toLocaleString();

function session(one) {
  const up = one.state === 'Established';
  const prefixes = Object.entries(one.advertised).map(([family, count]) => `${count} ${family}`);
  const trouble = up ? one.problems.join('; ') : (one.why_down || '');
  return [
    [one.name, small(one.description)],
    [text(one.address), small(one.remote_as === null ? 'external AS' : `AS ${one.remote_as}`)],
    make('span', {class: 'badges'},
         one.shutdown ? badge('calm', 'shut down') : badge(up ? 'good' : 'bad', one.state),
         ...(one.bfd ? [badge(one.bfd.state === 'Up' ? 'good' : 'bad', `BFD ${one.bfd.state}`)]
                     : [])),
    since(one.since),
    text(up ? prefixes.join(', ') : ''),
    said(trouble),
  ];
}

function service(one) {
  const states = [state(one.health)];
  if (one.administration !== 'active') states.push(badge('calm', one.administration));
  if (one.heard === 'held') states.push(badge('bad', 'held'));
  const reached = one.announced_to.length, wanted = one.neighbors.length;
  const whom = reached ? `${reached} of ${wanted}: ${one.announced_to.join(', ')}` : 'nobody';
  const until = one.drain && one.drain.until ? `until ${clock(one.drain.until)}` : '';
  return [
    [one.name, small(one.prefixes.slice(0, 8).join(', ') +
                     (one.prefixes.length > 8 ? ` and ${one.prefixes.length - 8} more` : ''))],
    make('span', {class: 'badges'}, ...states),
    since(one.since),
    [text(whom), small(one.heard === 'normal' || one.heard === 'none' ? '' : `as ${one.heard}`),
     small(one.acknowledged ? '' : 'not acknowledged yet')],
    [said(one.cause), small(until)],
  ];
}

const result_names = {p: 'passed', d: 'degraded', f: 'failed', t: 'timed out', e: 'could not run'};

function strip(recent) {
  if (!recent) return '';
  const counts = Object.entries(result_names)
    .map(([letter, name]) => [recent.split(letter).length - 1, name])
    .filter(([count]) => count);
  const said = counts.map(([count, name]) => `${count} ${name}`).join(', ');
  const bars = [...recent].map((letter) => make('i', {class: letter}));
  return [make('div', {class: 'strip', role: 'img', 'aria-label': `last runs: ${said}`}, ...bars),
          small(said)];
}

function check(one) {
  return [
    [one.name, small(`${one.service}, ${one.type}`)],
    state(one.state),
    strip(one.recent),
    one.last_run ? [ago(one.last_run), small(took(one.duration))] : '',
    said((one.could_run ? '' : 'could not run: ') + one.output),
  ];
}

function route(one) {
  const communities = [...one.communities, ...one.large_communities, ...one.extended_communities];
  const path = one.as_path.length ? one.as_path.join(' ') : 'empty';
  return [one.prefix, text(one.neighbor), text(one.service), text(one.next_hop), text(path),
          [text(communities.join(' ')), small(one.med === null ? '' : `MED ${one.med}`),
           small(one.local_pref === null ? '' : `local preference ${one.local_pref}`)]];
}

const own_events = {start: 'heraldd started', stop: 'heraldd stops', restart: 'heraldd restarts',
                    reload: 'configuration read'};

function event(one) {
  const subject = [one.neighbor, one.service, one.check].filter((name) => name).join(' / ');
  const change = one.from && one.to ? `${one.from} → ${one.to}` : (one.to || one.direction || '');
  return [[subject || own_events[one.type], small(subject ? one.type : '')], text(change),
          said(one.cause), ago(one.time)];
}

/** Makes a part anew where what it shows has changed: a reader's selection stays otherwise. */
function show(id, made_of, render) {
  const key = JSON.stringify(made_of);
  if (page[id] === key) return;
  page[id] = key;
  by_id(id).replaceChildren(...[render(made_of)].flat());
}

function show_summary(status) {
  const wrong = status.problems;
  const sessions = status.neighbors.filter((one) => one.state === 'Established').length;
  const announced = status.services.filter((one) => one.announced_to.length).length;
  const count = wrong.length === 1 ? 'One thing needs' : `${wrong.length} things need`;
  show('verdict', [
    wrong.length ? `${count} a look.` : 'All is well.',
    ` ${sessions} of ${status.neighbors.length} sessions up,`,
    ` ${announced} of ${status.services.length} services announced.`], (parts) => parts);
  show('problems', wrong, (lines) => lines.map((line) => make('li', {}, line)));
  show('identity', [status.version, status.local_as, status.router_id, status.started], () => [
    `AS ${status.local_as} · router id ${status.router_id} · version ${status.version} · up `,
    since(status.started)]);
  document.title = wrong.length ? `herald: ${wrong.length} wrong` : 'herald: all well';
}

function show_status(status) {
  show_summary(status);
  show('sessions', status.neighbors, (all) => table(
    ['Neighbor', 'Address', 'State', 'For', 'Prefixes', 'Trouble'], all.map(session),
    'No neighbors are configured.'));
  show('services', status.services.map(({checks, ...rest}) => rest), (all) => table(
    ['Service', 'State', 'For', 'Announced to', 'Cause'], all.map(service),
    'No services are configured.'));
  show('checks', status.services.flatMap((one) => one.checks), (all) => table(
    ['Check', 'State', 'Last runs', 'Ran', 'Said'], all.map(check),
    'No checks are configured: services are up while they are not drained.'));
}

function show_routes(part) {
  show('routes', part, ({routes, next}) => [table(
    ['Prefix', 'To', 'Service', 'Next hop', 'AS path', 'Communities'],
    routes.map(route), 'Nothing is announced.'),
    next === null ? '' : make('p', {class: 'none'}, 'And more: heraldctl routes')]);
}

function show_events(events) {
  show('events', events, (all) => table(
    ['What', 'Change', 'Cause', 'When'], all.slice(-40).reverse().map(event),
    'Nothing has happened yet.'));
}

async function get(path) {
  const answer = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(patience)});
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function show_gone() {
  const at = seen ? new Date(seen).toLocaleTimeString() : null;
  by_id('gone').textContent = at
    ? `heraldd does not answer. What is below is as it was at ${at}.`
    : 'heraldd does not answer.';
  by_id('gone').hidden = false;
  by_id('content').classList.add('stale');
  document.title = 'herald: no answer';
}

async function look() {
  try {
    const status = await get('/v1/status');
    const {events} = await get('/v1/events/recent');
    const routes = await get(`/v1/routes?limit=${most_routes}`);
    seen = Date.now();
    show_status(status);
    show_routes(routes);
    show_events(events);
    by_id('gone').hidden = true;
    by_id('content').classList.remove('stale');
    by_id('freshness').textContent = `As of ${new Date(seen).toLocaleTimeString()}; ` +
      `looks again every ${interval / 1000} s.`;
  } catch {
    show_gone();
  }
  tick();
  setTimeout(look_if_visible, interval);
}

/** A page in the background costs the daemon nothing. */
function look_if_visible() {
  if (document.hidden)
    document.addEventListener('visibilitychange', look_if_visible, {once: true});
  else
    look();
}

setInterval(tick, 1000);
look();
