// The key of a chart, which is also its readout: what each series is, and its value where the cursor stands.

import { pointTitle, quantity } from "./moments.js";

/** Makes the readout of a chart: its element, a function that shows a point, and one that says a point as a sentence. */
export function makeReadout(chart) {
  const element = make("div", "chart-readout");
  const title = element.appendChild(make("p", "chart-when", chart.title || chart.label));
  const list = element.appendChild(make("ul", "chart-key"));
  const named = chart.series.filter((series) => series.label).sort((one, other) => isBehind(one) - isBehind(other));
  const values = named.map(({ label, look, colour }) => keyLine(list, label, `chart-look-${look} chart-colour-${colour}`));
  const band = chart.band_label && keyLine(list, chart.band_label, `chart-look-band chart-colour-${chart.band_colour}`);
  const marked = chart.series.find((series) => series.marked.includes(true));
  const mark = marked && keyLine(list, chart.marked_word, `chart-look-marked chart-colour-${marked.colour}`);

  function show(index) {
    const known = index !== null && index !== undefined;
    title.textContent = known ? pointTitle(chart, index) : chart.title || chart.label;
    values.forEach((value, place) => {
      value.textContent = known ? valueText(chart, named[place], index) : "";
    });
    if (band) band.parentElement.classList.toggle("is-on", known && inBand(chart, index));
    if (mark) mark.parentElement.classList.toggle("is-on", known && marked.marked[index]);
  }

  function say(index) {
    const said = named.map((series) => `${series.label}: ${valueText(chart, series, index)}`);
    const on = [inBand(chart, index) && chart.band_label, marked?.marked[index] && chart.marked_word];
    return [pointTitle(chart, index), ...said, ...on].filter(Boolean).join(", ");
  }

  return { element, show, say };
}

/** Writes a value with its unit; an edge of an area is written together with the other edge, which has no label. */
function valueText(chart, series, index) {
  const value = series.values[index];
  if (value === null) return chart.words.no_value;
  if (series.look !== "edge") return quantity(value, series);
  const lower = chart.series[chart.series.indexOf(series) + 1];
  return `${quantity(lower.values[index], series)} – ${quantity(value, series)}`;
}

function isBehind(series) {
  return series.look === "behind";
}

function inBand(chart, index) {
  const moment = chart.times[index];
  return chart.bands.some(([since, until]) => since <= moment && moment < until);
}

/** Adds a line to the key and returns the element of its value. */
function keyLine(list, label, looks) {
  const line = list.appendChild(make("li", "chart-key-line"));
  line.append(make("span", `chart-swatch ${looks}`), make("span", "chart-label", label));
  return line.appendChild(make("b", "chart-value"));
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
