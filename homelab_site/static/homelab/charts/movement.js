// Moving over a chart and into it: by mouse (uPlot's own), by touch, by keys and by buttons.

const ZOOM = 0.5;
const PAGE_POINTS = 10;

/** Tells whether only a part of a chart is seen. */
export function isZoomed(plot, chart) {
  return plot.scales.x.min > chart.start || plot.scales.x.max < chart.end;
}

/** Returns functions that change which part of a chart is seen. */
export function makeZoom(plot, chart) {
  function see(min, max) {
    plot.setScale("x", { min: Math.max(min, chart.start), max: Math.min(max, chart.end) });
  }

  function by(factor) {
    const { min, max } = plot.scales.x;
    const { idx } = plot.cursor;
    const middle = idx === null || idx === undefined ? (min + max) / 2 : plot.data[0][idx];
    const half = ((max - min) * factor) / 2;
    see(middle - half, middle + half);
    if (plot.cursor.left >= 0) pointAt(plot, middle);
  }

  return {
    see,
    into: () => by(ZOOM),
    out: () => by(1 / ZOOM),
    reset: () => see(chart.start, chart.end),
    show(moment) {
      const { min, max } = plot.scales.x;
      if (moment < min || moment > max) {
        see(moment - (max - min) / 2, moment + (max - min) / 2);
      }
    },
  };
}

/** Lets keys move a cursor, as on a slider whose value is what the readout says. Returns what moves it to an index. */
export function followKeys(element, plot, zoom, say) {
  const last = plot.data[0].length - 1;
  const actions = {
    ArrowRight: (index) => moveTo(index + 1),
    ArrowUp: (index) => moveTo(index + 1),
    ArrowLeft: (index) => moveTo(index - 1),
    ArrowDown: (index) => moveTo(index - 1),
    PageUp: (index) => moveTo(index + PAGE_POINTS),
    PageDown: (index) => moveTo(index - PAGE_POINTS),
    Home: () => moveTo(0),
    End: () => moveTo(last),
    "+": zoom.into,
    "-": zoom.out,
    Escape: zoom.reset,
  };

  function moveTo(wanted) {
    const index = Math.min(Math.max(wanted, 0), last);
    zoom.show(plot.data[0][index]);
    pointAt(plot, plot.data[0][index]);
    element.setAttribute("aria-valuenow", index);
    element.setAttribute("aria-valuetext", say(index));
  }

  element.setAttribute("aria-valuemin", 0);
  element.setAttribute("aria-valuemax", last);
  element.setAttribute("aria-valuenow", last);
  element.setAttribute("aria-valuetext", say(last));
  element.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      action(plot.cursor.idx ?? Number(element.getAttribute("aria-valuenow")));
    }
  });
  return moveTo;
}

/** Moves the cursor to a time, after uPlot has taken whatever scale was set before: it does so in a microtask. */
function pointAt(plot, moment) {
  queueMicrotask(() => plot.setCursor({ left: plot.valToPos(moment, "x"), top: plot.over.clientHeight / 2 }));
}

/** Lets a finger move the cursor. The page still scrolls up and down: see touch-action in the stylesheet. */
export function followTouch(plot) {
  for (const kind of ["pointerdown", "pointermove"]) {
    plot.over.addEventListener(kind, (event) => {
      if (event.pointerType === "touch") {
        const box = plot.over.getBoundingClientRect();
        plot.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
      }
    });
  }
}
