import { confusionMatrix, imageDataset, smallCnn } from 'autobalance/browser';
import file from './digits.bin?url';
import { type Digits, decodeDigits, N0, SIDE } from './digits-file.js';
import { scenario } from './scenario.js';

const CLASSES = 10;

const images = (name: string, digits: Digits) =>
  imageDataset({ name, ...digits, classes: CLASSES, imageShape: [SIDE, SIDE, 1] });

/** Real digits, the ones less frequent the higher they are. */
export const digits = scenario({
  model: smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [8, 16] }),
  extents: {
    full: { n0: N0, epochs: 20, warmupEpochs: 4, interval: 3 },
    short: { n0: N0, epochs: 8, warmupEpochs: 2, interval: 3 },
  },
  solver: { solver: 'neumann', iterations: 5 },
  async data() {
    const response = await fetch(file);
    if (!response.ok)
      throw new Error(`${file} answers ${response.status}; build the page with npm run playground:build`);
    const [train, test] = decodeDigits(new Uint8Array(await response.arrayBuffer()));
    return { train: images('digits to train on', train), test: images('digits to test on', test) };
  },
  async viewer(_, { test: { labels } }) {
    return (_, predictions) => {
      const counts = confusionMatrix(predictions, labels, CLASSES);
      const row = (k: number): number[] => [...counts.subarray(k * CLASSES, (k + 1) * CLASSES)];
      return { kind: 'confusions', counts: Array.from({ length: CLASSES }, (_, k) => row(k)) };
    };
  },
});
