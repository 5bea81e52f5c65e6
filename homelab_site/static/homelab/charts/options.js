// How uPlot is to draw a chart.

import { colour } from "../tokens.js";
import { number } from "../words.js";
import { seriesOptions } from "./series.js";
import { tickLabel, tickLabels } from "./moments.js";

const { uPlot } = window;

const TICK_APART_PIXELS = 64;
const AXIS_GAP = 6;
const TOP_ROOM = 1.06;
const LEAST_RANGE = 2;
// Ticks lie 1, 2 or 5 apart, or so many tens: what lies 2.5 apart needs labels that nobody reads.
const APART = [-2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const { timeZone } = document.documentElement.dataset;

/** Returns the times at which values are drawn: bars stand in the middle of their interval. */
export function drawnTimes(chart) {
  return chart.ends.length ? chart.times.map((start, index) => (start + chart.ends[index]) / 2) : chart.times;
}

/** Returns uPlot's options for a chart in an element, but for its size. */
export function plotOptions(chart, element) {
  const units = [...new Set(chart.series.map((series) => series.unit))];
  const font = `13px ${getComputedStyle(element).fontFamily}`;
  return {
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    legend: { show: false },
    padding: [8, units.length > 1 ? 0 : 12, 0, 0],
    scales: {
      x: { time: true },
      ...Object.fromEntries(units.map((unit) => [unit, { range: rangeOf(chart, unit) }])),
    },
    axes: [timeAxis(chart, font), ...units.map((unit, index) => valueAxis(unit, index, font))],
    series: [{}, ...chart.series.map(seriesOptions)],
    bands: areas(chart),
    cursor: {
      y: false,
      drag: { x: true, y: false, dist: 8 },
      points: { show: (plot, index) => pointElement(chart.series[index - 1]), size: 9 },
    },
    hooks: { drawClear: [(plot) => drawBands(plot, chart)] },
  };
}

function rangeOf(chart, unit) {
  const fromZero = chart.series.some((series) => series.unit === unit && ["bars", "behind"].includes(series.look));
  return (plot, lowest, highest) => {
    if (fromZero) return [0, highest > 0 ? highest * TOP_ROOM : 1];
    if (lowest === null) return [0, 1];
    // Small changes are not blown up.
    const spare = Math.max(0, LEAST_RANGE - (highest - lowest)) / 2;
    return uPlot.rangeNum(lowest - spare, highest + spare, 0.1, false);
  };
}

function timeAxis(chart, font) {
  const axis = {
    ...axisLook(font),
    space: TICK_APART_PIXELS,
    size: 34,
    grid: { show: false },
    // At the end itself nothing begins, and its label would be cut off.
    values: (plot, ticks, axisIndex, space, apart) => tickLabels(ticks.filter((tick) => tick < chart.end), apart),
  };
  if (["day", "month", "year"].includes(chart.step)) {
    // Each label stands under the middle of its interval, and says when that begins.
    const times = drawnTimes(chart);
    const starts = new Map(times.map((time, index) => [time, chart.times[index]]));
    axis.splits = (plot, axisIndex, from, to) => thinned(times.filter((time) => time >= from && time <= to), plot);
    axis.values = (plot, ticks) => ticks.map((tick) => tickLabel(starts.get(tick), chart.step));
  }
  return axis;
}

/** Returns as many of the times as have room for a label. */
function thinned(times, plot) {
  const room = Math.max(1, Math.floor(plot.bbox.width / devicePixelRatio / TICK_APART_PIXELS));
  const step = Math.ceil(times.length / room);
  return times.filter((time, index) => index % step === 0);
}

function valueAxis(unit, index, font) {
  return {
    ...axisLook(font),
    scale: unit,
    side: index ? 1 : 3,
    space: 36,
    incrs: APART,
    gap: AXIS_GAP,
    size: (plot, labels) => labelWidth(plot, labels, font),
    grid: index ? { show: false } : { stroke: () => colour("--grid"), width: 1 },
    values: (plot, ticks, axisIndex, space, apart) => ticks.map((tick) => number(tick, decimalsOf(apart))),
  };
}

function decimalsOf(apart) {
  return Math.max(0, -Math.floor(Math.log10(apart) + 1e-9));
}

function axisLook(font) {
  return { stroke: () => colour("--ink-soft"), font, ticks: { show: false } };
}

function labelWidth(plot, labels, font) {
  plot.ctx.font = font;
  const widths = (labels ?? []).map((label) => plot.ctx.measureText(label).width);
  return Math.ceil(Math.max(0, ...widths)) + 2 * AXIS_GAP;
}

/** Returns the areas between each edge and the series after it. */
function areas(chart) {
  return chart.series.flatMap((series, index) => {
    if (series.look !== "edge") return [];
    return [{ series: [index + 1, index + 2], fill: () => colour(`--${series.colour}-wash`) }];
  });
}

function pointElement(series) {
  if (series?.look !== "line") return undefined;
  const point = document.createElement("div");
  point.className = `chart-point chart-colour-${series.colour}`;
  return point;
}

function drawBands(plot, chart) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour(`--${chart.band_colour}`);
  for (const [since, until] of chart.bands) {
    const left = plot.valToPos(since, "x", true);
    ctx.fillRect(left, bbox.top, Math.max(1, plot.valToPos(until, "x", true) - left), bbox.height);
  }
  ctx.restore();
}
