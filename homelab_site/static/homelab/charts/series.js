// How each look of a series is drawn: bars, pale bars behind others, lines, and edges of an area.

import { colour } from "../tokens.js";
import { hatch } from "./hatch.js";

const { uPlot } = window;

const LINE_WIDTH = 2;
const BAR_WIDTH_LIMIT = 120;
const POINT_APART_PIXELS = 24;
const BAR_SHARES = { bars: 0.66, behind: 0.92 };

export function seriesOptions(series) {
  const own = () => colour(`--${series.colour}`);
  const share = BAR_SHARES[series.look];
  if (share) {
    const shape = { size: [share, BAR_WIDTH_LIMIT * share], radius: 0.08, ...hatchedBars(series, own) };
    return { scale: series.unit, width: 0, fill: own, points: { show: false }, paths: uPlot.paths.bars(shape) };
  }
  if (series.look === "line") {
    const points = { show: hasRoom, filter: (plot, index, show) => (show ? null : lonely(series.values)), size: 5, fill: own };
    return { scale: series.unit, width: LINE_WIDTH, stroke: own, points };
  }
  return { scale: series.unit, width: 0, stroke: own, points: { show: false } };
}

/** Hatches the bars that are marked. */
function hatchedBars(series, own) {
  if (!series.marked.includes(true)) return {};
  const fills = (plot) => {
    const solid = own();
    const hatched = hatch(plot.ctx, solid);
    return series.values.map((value, index) => (series.marked[index] ? hatched : solid));
  };
  return { disp: { fill: { unit: 3, values: fills } } };
}

/** Tells whether the values that are seen have room for points. */
function hasRoom(plot, index, from, to) {
  return plot.bbox.width / devicePixelRatio / (to - from || 1) > POINT_APART_PIXELS;
}

/** Returns where a value stands between two gaps: no line goes there, so it always has its point. */
function lonely(values) {
  const isGap = (index) => (values[index] ?? null) === null;
  return values.flatMap((value, index) => (!isGap(index) && isGap(index - 1) && isGap(index + 1) ? [index] : []));
}
