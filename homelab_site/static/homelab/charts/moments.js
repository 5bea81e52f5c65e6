// The times of a chart as words: what a point stands for, and the ticks of the axis.

import { clockTime, number } from "../words.js";

const DAY_SECONDS = 24 * 3600;
const CLOCK = { hour: "2-digit", minute: "2-digit" };
const DAY_AND_CLOCK = { weekday: "short", day: "numeric", month: "short", ...CLOCK };

const TITLES = {
  moment: DAY_AND_CLOCK,
  hour: DAY_AND_CLOCK,
  day: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  year: { year: "numeric" },
};

const TICKS = {
  clock: CLOCK,
  day: { day: "numeric", month: "short" },
  month: { month: "short" },
  year: { year: "numeric" },
};

/** Writes what one of a chart's times stands for: a moment, an hour with its end, a day, a month or a year. */
export function pointTitle(chart, index) {
  const title = clockTime(chart.times[index] * 1000, TITLES[chart.step]);
  return chart.step === "hour" ? `${title}–${clockTime(chart.ends[index] * 1000)}` : title;
}

/** Writes a tick as `clock`, `day`, `month` or `year`. */
export function tickLabel(seconds, shape) {
  return clockTime(seconds * 1000, TICKS[shape]);
}

/** Writes the ticks of an axis whose neighbours lie so many seconds apart. Midnight is written as its day. */
export function tickLabels(ticks, apart) {
  return ticks.map((tick) => {
    if (apart >= 360 * DAY_SECONDS) return tickLabel(tick, "year");
    if (apart >= 27 * DAY_SECONDS) return tickLabel(tick, "month");
    const clock = tickLabel(tick, "clock");
    return apart >= DAY_SECONDS || clock === "00:00" ? tickLabel(tick, "day") : clock;
  });
}

/** Writes a value with its unit. */
export function quantity(value, series) {
  return `${number(value, series.decimals)}\u00a0${series.unit}`;
}
