import { argmaxRows, compile, measuredSource, mlp, Random, type TableDataset, tableDataset } from 'autobalance/browser';
import { scenario } from './scenario.js';

/** Where the classes lie, the most frequent first: it has all the others for neighbours. */
const CENTRES: readonly (readonly [number, number])[] = [
  [0, 0],
  [1.25, 0.55],
  [-0.85, 1.05],
  [-1.05, -0.8],
  [0.65, -1.2],
];
const CLASSES = CENTRES.length;
const SPREAD = 0.55;
/** Half the side of the square that is drawn. */
const EXTENT = 2.6;
/** Pixels on a side of it: WebGL2 takes no batch of more than 8192 rows. */
const SIDE = 88;

/** Most samples of a class in training; and samples of each in the test set. */
const N0 = 1500;
const TEST = 600;

const points = (name: string, numeric: Float32Array, labels: Int32Array): TableDataset =>
  tableDataset({
    name,
    labels,
    classes: CLASSES,
    numeric,
    numericNames: ['x', 'y'],
    categorical: new Int32Array(0),
    categoricalColumns: [],
  });

/** Normal clouds about the centres, equally many samples of each. */
function clouds(name: string, perClass: number, seed: number): TableDataset {
  const random = new Random(seed, name);
  const labels = Int32Array.from({ length: perClass * CLASSES }, (_, i) => i % CLASSES);
  const at = (i: number): number => CENTRES[labels[i >> 1]!]![i % 2]! + SPREAD * random.normal();
  return points(
    name,
    Float32Array.from({ length: 2 * labels.length }, (_, i) => at(i)),
    labels,
  );
}

/** The pixels of the square as samples, row by row from the top; what class they are of, nobody knows. */
function pixels(): TableDataset {
  const along = (pixel: number): number => EXTENT * ((2 * pixel + 1) / SIDE - 1);
  const at = (i: number): number => {
    const pixel = i >> 1;
    return i % 2 === 0 ? along(pixel % SIDE) : -along(Math.floor(pixel / SIDE));
  };
  return points(
    'pixels',
    Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => at(i)),
    new Int32Array(SIDE * SIDE),
  );
}

const model = mlp({ classes: CLASSES, numeric: 2, categories: [], hidden: [24, 24] });

/** Clouds in the plane that overlap: under cross-entropy the large one swallows the ground of its small neighbours. */
export const mixture = scenario({
  model,
  extents: {
    full: { n0: N0, epochs: 30, warmupEpochs: 4, interval: 3 },
    short: { n0: 300, epochs: 8, warmupEpochs: 2, interval: 2 },
  },
  solver: { solver: 'cg', iterations: 6 },
  data: async (seed: number) => ({ train: clouds('training', N0, seed), test: clouds('test', TEST, seed) }),
  points: ({ numeric, labels }: TableDataset, indices) => ({
    extent: EXTENT,
    at: Float32Array.from({ length: 2 * indices.length }, (_, i) => numeric[2 * indices[i >> 1]! + (i % 2)]!),
    labels: indices.map((i) => labels[i]!),
  }),
  async viewer({ trainIndices }, { train }) {
    const square = pixels();
    const source = measuredSource(train, { indices: trainIndices })(square);
    const { x } = await source.batch(Int32Array.from(square.labels, (_, i) => i));
    type Params = ReturnType<typeof model.init>['params'];
    const logits = compile((params: Params) => model.apply(params, {}, x, { train: false }).logits);
    return ({ params }) => ({
      kind: 'regions',
      side: SIDE,
      classes: Uint8Array.from(argmaxRows(logits(params).data(), CLASSES)),
    });
  },
});
