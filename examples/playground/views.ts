import type { Points, View } from './messages.js';
import { type Classifier, colourNow, type RunState } from './state.js';

/** Pixels of the drawing on each side, twice what is seen on a small screen. */
const SIZE = 480;

/** Draws what a classifier decides: in the plane its regions with the training samples on top, else how test samples were taken. */
export function drawView(canvas: HTMLCanvasElement, { view, classError }: Classifier, state: RunState): void {
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext('2d')!;
  const colours = state.classNames.map((_, k) => colourNow(`--c${k}`));
  if (view.kind === 'regions') {
    drawRegions(context, view, colours);
    if (state.points) drawPoints(context, state.points, state.counts, colours);
  } else drawConfusions(context, view.counts, state.classNames);
  canvas.setAttribute('role', 'img');
  const worst = classError.indexOf(Math.max(...classError));
  canvas.setAttribute(
    'aria-label',
    view.kind === 'regions'
      ? `Regions of the plane by predicted class; ${state.classNames[worst]} is missed most often`
      : `Test digits by true and predicted class; ${state.classNames[worst]} is missed most often`,
  );
}

/** Red, green and blue of `#rrggbb`. */
const channels = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
/** Of 255: what is under a region shines through, be it light or dark. */
const OPACITY = 80;

function drawRegions(
  context: CanvasRenderingContext2D,
  { side, classes }: Extract<View, { kind: 'regions' }>,
  colours: readonly string[],
): void {
  const small = new OffscreenCanvas(side, side);
  const pixels = new ImageData(side, side);
  const rgb = colours.map(channels);
  classes.forEach((k, i) => {
    pixels.data.set([...rgb[k]!, OPACITY], 4 * i);
  });
  small.getContext('2d')!.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, SIZE, SIZE);
}

function drawPoints(
  context: CanvasRenderingContext2D,
  { extent, at, labels }: Points,
  counts: readonly number[],
  colours: readonly string[],
): void {
  const most = Math.max(...counts);
  labels.forEach((k, i) => {
    const [x, y] = [at[2 * i]!, at[2 * i + 1]!].map((value) => value / extent);
    // The rare ones are few: they may be larger.
    const radius = 2 + 3 * (1 - Math.log(counts[k]!) / Math.log(most));
    context.beginPath();
    context.arc(((1 + x!) * SIZE) / 2, ((1 - y!) * SIZE) / 2, radius, 0, 2 * Math.PI);
    context.fillStyle = colours[k]!;
    context.globalAlpha = 0.75;
    context.fill();
  });
  context.globalAlpha = 1;
}

/** A square for each pair of classes, the darker the more of the true class are taken for the other; true classes downwards. */
function drawConfusions(
  context: CanvasRenderingContext2D,
  counts: readonly (readonly number[])[],
  names: readonly string[],
): void {
  const [margin, gap] = [40, 2];
  const cell = (SIZE - margin) / names.length;
  const [ink, right, wrong] = [colourNow('--ink'), colourNow('--c2'), colourNow('--c1')];
  context.font = '20px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.clearRect(0, 0, SIZE, SIZE);
  counts.forEach((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const y = margin + truth * cell;
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.fillText(names[truth]!, margin / 2, y + cell / 2);
    context.fillText(names[truth]!, y + cell / 2, margin / 2);
    row.forEach((count, guess) => {
      context.fillStyle = guess === truth ? right : wrong;
      // Mistakes are few, and the square root tells few from none.
      context.globalAlpha = 0.06 + 0.94 * (guess === truth ? (count / total) ** 2 : Math.sqrt(count / total));
      context.fillRect(margin + guess * cell, y, cell - gap, cell - gap);
    });
  });
  context.globalAlpha = 1;
}
