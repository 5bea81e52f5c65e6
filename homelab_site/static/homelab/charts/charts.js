// Draws a chart into each figure of the page that names one, and again when its size or the theme changes. What a chart
// is made of stands in homelab_site/charts.py.

import { onThemeChange } from "../tokens.js";
import { followKeys, followTouch, isZoomed, makeZoom } from "./movement.js";
import { drawnTimes, plotOptions } from "./options.js";
import { makeReadout } from "./readout.js";

const { uPlot } = window;
const FOCUSABLE = ".chart-field, button";

const drawn = new Map(); // figure -> what is drawn in it

/** Draws a chart into a figure, whose former content goes. */
function drawChart(figure, chart) {
  const readout = makeReadout(chart);
  const field = plotField(chart);
  const controls = document.createElement("div");
  controls.className = "chart-controls";
  figure.replaceChildren(readout.element, field, controls);

  const options = plotOptions(chart, figure);
  options.hooks.setCursor = [(plot) => readout.show(plot.cursor.idx)];
  options.hooks.setScale = [(plot) => figure.classList.toggle("is-zoomed", isZoomed(plot, chart))];
  options.cursor.bind = { dblclick: () => () => zoom.reset() };
  const data = [drawnTimes(chart), ...chart.series.map((series) => series.values)];
  const plot = new uPlot({ ...options, ...sizeOf(field) }, data, field);

  const zoom = makeZoom(plot, chart);
  controls.append(
    button("+", chart.words.zoom_in, zoom.into),
    button("\u2212", chart.words.zoom_out, zoom.out),
    button(chart.words.reset, chart.words.reset, zoom.reset),
  );
  zoom.reset();
  const moveTo = followKeys(field, plot, zoom, readout.say);
  followTouch(plot);
  const resizing = new ResizeObserver(() => plot.setSize(sizeOf(field)));
  resizing.observe(field);
  return { plot, chart, zoom, moveTo, resizing };
}

/** Draws the chart of the JSON that a figure names. */
function drawNamed(figure) {
  const json = document.getElementById(figure.dataset.chart).textContent;
  drawn.set(figure, { json, ...drawChart(figure, JSON.parse(json)) });
}

/** Draws again what has changed. Whoever has zoomed in, points at something or has the focus keeps all of that. */
export function redrawCharts() {
  for (const [figure, former] of drawn) {
    const json = document.getElementById(figure.dataset.chart).textContent;
    if (json === former.json || figure.matches(":active")) continue;
    const place = [...figure.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
    former.resizing.disconnect();
    drawNamed(figure);
    lookAsBefore(drawn.get(figure), former);
    former.plot.destroy();
    if (place >= 0) figure.querySelectorAll(FOCUSABLE)[place].focus({ preventScroll: true });
  }
}

function lookAsBefore(now, { plot, chart }) {
  if (isZoomed(plot, chart)) now.zoom.see(plot.scales.x.min, plot.scales.x.max);
  const moment = plot.data[0][plot.cursor.idx];
  if (moment !== undefined) now.moveTo(now.plot.valToIdx(moment));
}

/** Makes the element in which a chart is drawn; to keyboards and screen readers it is a slider over its points. */
function plotField(chart) {
  const field = document.createElement("div");
  field.className = "chart-field";
  field.tabIndex = 0;
  field.title = chart.words.help;
  field.setAttribute("role", "slider");
  field.setAttribute("aria-label", chart.label);
  return field;
}

function sizeOf(field) {
  return { width: field.clientWidth, height: field.clientHeight };
}

function button(text, title, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = title;
  made.setAttribute("aria-label", title);
  made.addEventListener("click", action);
  return made;
}

onThemeChange(() => {
  for (const { plot } of drawn.values()) {
    plot.redraw(true);
  }
});

/** Draws all, each in a task of its own: the page connects and answers to fingers in between. */
async function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    await new Promise((resolve) => setTimeout(resolve));
    drawNamed(figure);
  }
}

drawAll();
