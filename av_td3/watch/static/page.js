"use strict";

const INTERVAL = 200; // ms between requests
const STALE = 5; // s without a new frame
const VIEW = 80; // m across that are shown around the car
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const view = { environment: 0, lanes: 0, bounds: null, follow: true, largest: 1e-9, ended: false };

// -- small parts --------------------------------------------------------------------------------------------------------

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function number(value, decimals) {
  return isNumber(value) ? value.toFixed(decimals).replace("-", "\u2212") : "\u2013";
}

function percent(value) {
  return isNumber(value) ? `${Math.round(100 * value)}\u00a0%` : "\u2013";
}

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

// A table of numbers, each with a bar from the middle; the rows stay as long as the names do.
function showBars(body, values, decimals, limit) {
  const names = Object.keys(values);
  if (body.dataset.names !== JSON.stringify(names)) {
    body.replaceChildren(...names.map(barRow));
    body.dataset.names = JSON.stringify(names);
  }
  names.forEach((name, index) => {
    const [, text, cell] = body.rows[index].cells;
    const bar = cell.firstChild;
    const share = isNumber(values[name]) ? Math.max(-1, Math.min(1, values[name] / limit)) : 0;
    setText(text, number(values[name], decimals));
    bar.classList.toggle("minus", share < 0);
    bar.firstChild.setAttribute("x", share < 0 ? 1 + share : 1);
    bar.firstChild.setAttribute("width", Math.abs(share));
  });
}

function barRow(name) {
  const row = document.createElement("tr");
  const heading = document.createElement("th");
  heading.scope = "row";
  heading.textContent = heading.title = name;
  row.append(heading);
  row.insertCell().className = "number";
  const bar = element("svg", { class: "bar", viewBox: "0 0 2 1", preserveAspectRatio: "none", "aria-hidden": "true" }, row.insertCell());
  element("rect", { x: 1, y: 0, width: 0, height: 1 }, bar);
  element("line", { x1: 1, x2: 1, y1: 0, y2: 1 }, bar);
  return row;
}

// -- map ----------------------------------------------------------------------------------------------------------------

async function loadMap() {
  const { lanes } = await get("map");
  if (lanes.length === view.lanes) return;
  view.lanes = lanes.length;
  const points = lanes.flat();
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const least = (list) => list.reduce((a, b) => Math.min(a, b));
  const most = (list) => list.reduce((a, b) => Math.max(a, b));
  view.bounds = [least(xs) - 10, least(ys) - 10, most(xs) - least(xs) + 20, most(ys) - least(ys) + 20];
  byId("lanes").replaceChildren();
  for (const lane of lanes) element("path", { d: `M ${lane.map((point) => point.join(" ")).join(" L ")}` }, byId("lanes"));
}

// CARLA's y axis points to the right of its x axis, as on a screen.
function showMap(frame) {
  byId("trail").setAttribute("points", frame.trail.map((point) => point.join(",")).join(" "));
  const [x, y] = frame.position;
  const before = frame.trail.findLast((point) => Math.hypot(x - point[0], y - point[1]) > 0.3);
  if (before) view.heading = (Math.atan2(y - before[1], x - before[0]) * 180) / Math.PI;
  const whole = !view.follow && view.bounds;
  const box = whole ? view.bounds : [x - VIEW / 2, y - VIEW / 2, VIEW, VIEW];
  byId("map").setAttribute("viewBox", box.join(" "));
  const size = whole ? Math.max(1, Math.max(box[2], box[3]) / 90) : 1;
  byId("car").setAttribute("transform", `translate(${x} ${y}) rotate(${view.heading ?? 0}) scale(${size})`);
  byId("car").setAttribute("visibility", "visible");
}

// -- page ---------------------------------------------------------------------------------------------------------------

function showFrame(frame) {
  const image = byId("image");
  image.hidden = frame.image === null;
  byId("no-image").hidden = !image.hidden;
  setText(byId("no-image"), "this observation has no camera");
  if (frame.image !== null) image.src = `data:image/png;base64,${frame.image}`;
  setText(byId("speed"), number(frame.speed, 1));
  setText(byId("episode"), String(frame.episode));
  setText(byId("episode-step"), String(frame.episode_step));
  setText(byId("route"), percent(frame.route_completion));
  showBars(byId("action"), frame.action, 2, 1);
  const terms = { ...frame.terms, sum: frame.reward };
  // What an ending pays would shrink all other bars to nothing.
  if (frame.ending === null) view.largest = Math.max(view.largest, ...Object.values(terms).filter(isNumber).map(Math.abs));
  showBars(byId("terms"), terms, 3, view.largest);
  setText(byId("episode-reward"), number(frame.episode_reward, 2));
  setText(byId("score"), isNumber(frame.score) ? `reward ${number(frame.score, 2)}` : "none yet");
  const previous = frame.ending === null ? frame.previous : { ...frame, reward: frame.episode_reward };
  setText(
    byId("previous"),
    previous ? `${previous.ending}, reward\u00a0${number(previous.reward, 2)}, route\u00a0${percent(previous.route_completion)}` : "none yet",
  );
  showMap(frame);
}

function showStatus(state) {
  document.title = `${state.run} \u2013 av-td3 watch`;
  setText(byId("run"), state.run);
  const badge = byId("state");
  const name = state.ended && state.verdict ? state.verdict : (state.state ?? "starting");
  badge.className = `badge ${name}`;
  setText(badge, state.ended && state.verdict ? `${state.state}, ${state.verdict}` : name);
  const step = Math.max(state.step ?? 0, state.frame?.step ?? 0);
  const total = state.frame?.total_steps;
  byId("progress").value = total ? step / total : 0;
  setText(byId("steps"), total ? `${step.toLocaleString("en")} / ${total.toLocaleString("en")}` : `step ${step.toLocaleString("en")}`);
  const alerts = byId("alerts");
  alerts.classList.toggle("bad", state.alerts.length > 0);
  setText(alerts, state.alerts.length ? state.alerts.join(", ") : "none");
}

function message(state) {
  if (state.ended) return `the run has ended${state.reason ? `: ${state.reason}` : state.error ? `: ${state.error}` : ""}`;
  if (state.state === "queued") return "the run is queued";
  if (!state.frame) return "waiting for the first frame";
  if (state.age > STALE) return `no new frame for ${Math.round(state.age)} s; the run may be evaluating or learning`;
  return state.frame.ending ? `episode ${state.frame.episode} has ended: ${state.frame.ending}` : "";
}

function showMessage(text, isBad) {
  setText(byId("message"), text);
  byId("message").classList.toggle("bad", isBad);
}

function showEnvironments(indexes) {
  const group = byId("environments");
  group.hidden = indexes.length < 2;
  if (group.dataset.indexes === JSON.stringify(indexes)) return;
  group.dataset.indexes = JSON.stringify(indexes);
  group.querySelectorAll("label").forEach((label) => label.remove());
  for (const index of indexes) {
    const label = document.createElement("label");
    const choice = document.createElement("input");
    choice.type = "radio";
    choice.name = "environment";
    choice.checked = index === view.environment;
    choice.addEventListener("change", () => (view.environment = index));
    label.append(choice, ` ${index}`);
    group.append(label);
  }
}

// -- polling ------------------------------------------------------------------------------------------------------------

async function get(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(10000) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function update() {
  const state = await get(`state?env=${view.environment}`);
  view.ended = state.ended;
  showStatus(state);
  showEnvironments(state.environments);
  if (state.frame) {
    if (view.bounds === null) await loadMap();
    showFrame(state.frame);
  }
  document.body.classList.toggle("stale", state.ended || (state.age ?? 0) > STALE);
  showMessage(message(state), state.state === "failed");
}

async function poll() {
  if (!document.hidden) {
    try {
      await update();
    } catch {
      document.body.classList.add("stale");
      if (!view.ended) showMessage("no connection to av-td3 watch; trying again", true);
    }
  }
  if (!view.ended) setTimeout(poll, INTERVAL);
}

byId("follow").addEventListener("click", () => {
  view.follow = !view.follow;
  byId("follow").setAttribute("aria-pressed", String(view.follow));
});
poll();
