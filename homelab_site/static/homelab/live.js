// The live connection: one WebSocket to /ws/energy for all that a page wants to follow, by the login's own cookie.
//
// It reconnects by itself, with pauses that grow. Every subscription begins with the newest known reading, so what was
// missed while it was away is made up for by that, and by whatever a listener of `onState` asks the site for again.

import { clockTime, houseNow } from "./words.js";

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const PING_MS = 10_000;
const SILENCE_MS = 25_000; // after two pings without an answer nobody is there

const listeners = new Map(); // stream -> functions that take a reading
const watchers = new Set(); // functions that take the state
let state = "connecting";
let socket = null;
let attempt = 0;
let retry = 0;
let ping = 0;
let heard = 0;

// Calls `listener` with each reading of a stream: `energy`, `heatpump` or `temperature`. A reading is the message on
// the bus: `ts`, `device_id`, `tags`, and `fields` named as the tables' columns.
export function follow(stream, listener) {
  listeners.set(stream, [...(listeners.get(stream) ?? []), listener]);
  if (socket === null) connect();
  else if (socket.readyState === WebSocket.OPEN) send({ type: "subscribe", streams: [stream] });
}

// Calls `watcher` now and at each change with `connecting`, `live` or `away`.
export function onState(watcher) {
  watchers.add(watcher);
  watcher(state);
}

function connect() {
  clearTimeout(retry);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/energy`);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", received);
  socket.addEventListener("close", closed);
}

function opened() {
  heard = Date.now();
  send({ type: "subscribe", streams: [...listeners.keys()] });
  ping = setInterval(keepAlive, PING_MS);
}

function received(event) {
  heard = Date.now();
  if (answers) known = houseNow();
  const message = JSON.parse(event.data);
  if (message.type === "subscribed") {
    attempt = 0;
    become("live");
  } else if (message.type === "data") {
    for (const listener of listeners.get(message.stream) ?? []) listener(message.data);
  }
}

function keepAlive() {
  if (Date.now() - heard > SILENCE_MS) closed();
  else send({ type: "ping" });
}

function closed() {
  clearInterval(ping);
  for (const [name, handler] of [["open", opened], ["message", received], ["close", closed]]) {
    socket.removeEventListener(name, handler);
  }
  socket.close();
  become("away");
  const pause = PAUSES_MS[Math.min(attempt++, PAUSES_MS.length - 1)];
  retry = setTimeout(connect, pause * (0.75 + Math.random() / 2));
}

function send(message) {
  socket.send(JSON.stringify(message));
}

function become(now) {
  if (now === state) return;
  state = now;
  for (const watcher of watchers) watcher(state);
}

// Whoever looks at the page again, or is on the network again, need not wait for the pause to end.
function hurry() {
  if (state === "away" && socket.readyState === WebSocket.CLOSED && !document.hidden) {
    attempt = 0;
    connect();
  }
}
addEventListener("online", hurry);
addEventListener("offline", () => {
  if (state === "live") closed(); // a connection that nothing comes through looks alive for long
});
document.addEventListener("visibilitychange", hurry);

const mark = document.getElementById("live");
let answers = true;
let known = houseNow(); // until when the page knows how the house is

function showState() {
  if (!mark) return;
  const shown = answers ? state : "away";
  if (mark.dataset.state === shown) return;
  mark.dataset.state = shown;
  const { wordSince } = mark.dataset;
  const since = shown === "away" ? ` ${wordSince} ${clockTime(known)}` : "";
  mark.textContent = mark.getAttribute(`data-word-${shown}`) + since;
}
onState(showState);

// Says whether the site answers too: a page that cannot be asked for again is not live, whatever the connection is.
export function siteAnswers(does) {
  answers = does;
  if (does) known = houseNow();
  showState();
}
