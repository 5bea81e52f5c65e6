// A pattern of slanted lines, for what is drawn but not fully measured.

const PIXELS = 6;
const patterns = new Map();

export function hatch(context, colour) {
  const key = `${colour} ${devicePixelRatio}`;
  if (!patterns.has(key)) {
    patterns.set(key, context.createPattern(tile(colour, Math.round(PIXELS * devicePixelRatio)), "repeat"));
  }
  return patterns.get(key);
}

function tile(colour, size) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = size / 4;
  pen.lineCap = "square";
  // The outer two strokes join those of the neighbouring tiles.
  for (const shift of [-size / 2, 0, size / 2]) {
    pen.moveTo(shift, size + shift);
    pen.lineTo(size + shift, shift);
  }
  pen.stroke();
  return canvas;
}
