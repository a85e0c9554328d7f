import { BatchStream, loadCsvDataset, measuredSource, Random, samplings, type TableSchema } from 'autobalance';

const schema: TableSchema = {
  header: true,
  missing: ['?'],
  columns: [
    { name: 'age', type: 'numeric' },
    { name: 'job', type: 'categorical' },
    { name: 'sex', type: 'ignored', sensitive: true }, // a group, but no input
    { name: 'ill', type: 'label' },
  ],
};

/** Batches of four rows in which every sex comes equally often. */
export async function readTable(path: string) {
  const { train, test } = await loadCsvDataset({ train: path }, schema, { name: 'people' });
  const sourceOf = measuredSource(train, { group: 'sex' }); // measures means and categories, on training rows alone
  const source = sourceOf(train);
  const sampler = samplings['class-aware']({
    cells: source.group.values,
    indices: train.labels.map((_, row) => row),
    batchSize: 4,
    random: new Random(1, 'batches'),
  });
  const stream = new BatchStream(source, sampler);
  const { x, y, g } = await stream.next(); // x.numeric f32 [4, d], x.categorical i32 [4, c], y and g i32 [4]
  return { x, y, g, position: stream.state(), heldOut: sourceOf(test) };
}
