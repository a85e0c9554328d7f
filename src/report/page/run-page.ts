import { type Fragment, html } from '../html.js';
import { csvTable, htmlTable } from '../table.js';
import { augmentationFigure } from './augmentation.js';
import { classErrorsFigure } from './class-errors.js';
import { confusionFigures } from './confusion.js';
import type { RunContent } from './content.js';
import { pageDocument, type Section } from './document.js';
import { downloads } from './downloads.js';
import { hypergradientFigures } from './hypergradients.js';
import { learnedLossFigures } from './learned-loss.js';
import { reliabilityFigures } from './reliability.js';
import { cellsTable, errorsTable, probabilitiesTable } from './results.js';
import { tradeOffFigure } from './trade-off.js';
import { trainingFigures } from './training-curves.js';
import { trajectoryFigures } from './trajectory.js';

/** A longer table of cells is behind a click. */
const MOST_CELLS = 24;

/** The page of one run: everything in one file, nothing loaded from anywhere. */
export async function runPage(
  content: RunContent,
  { script, notice }: { readonly script?: string; readonly notice?: string } = {},
): Promise<string> {
  const { title, lead, methods, files, footer, finished } = content;
  const unfinished = finished ? undefined : 'The run has not ended: this is what it has come to so far.';
  const said = notice ?? unfinished;
  return pageDocument({
    title,
    lead,
    ...(said !== undefined && { notice: said }),
    sections: [
      ...(await resultSections(content)),
      ...(await searchSections(content)),
      ...(await trainingSections(content)),
      {
        id: 'data',
        title: 'Data',
        content: downloads([
          ...(methods.length > 0
            ? [
                { name: 'errors.csv', type: 'text/csv', text: csvTable(errorsTable(methods)) },
                { name: 'probabilities.csv', type: 'text/csv', text: csvTable(probabilitiesTable(methods)) },
              ]
            : []),
          ...files,
        ]),
      },
    ],
    footer,
    ...(script !== undefined && { script }),
  });
}

async function resultSections({ methods, classes }: RunContent): Promise<Section[]> {
  if (methods.length === 0) return [];
  const confusion = await confusionFigures(methods, classes);
  const cells = cellsTable(methods, classes.names);
  return [
    {
      id: 'results',
      title: 'Results',
      content: html`<p>On the test set, in percent. Intervals are bootstrapped within classes (BCa, 95 %): what other test samples would change, not another training run. “Adjusted”: after post-hoc logit adjustment with the training prior.</p>
${htmlTable(errorsTable(methods), 'Errors by method')}
<p>Probabilities: area under the curve (one class against the rest), negative log-likelihood in nats, Brier score, expected calibration error; “scaled”: after temperature scaling.</p>
${htmlTable(probabilitiesTable(methods), 'Probabilities by method')}`,
    },
    { id: 'classes', title: 'Classes', content: await classErrorsFigure(methods, classes) },
    ...(cells ? [{ id: 'groups', title: 'Groups', content: await groupContent(methods, cells) }] : []),
    ...(confusion ? [{ id: 'confusion', title: 'Confusion', content: confusion }] : []),
    { id: 'calibration', title: 'Calibration', content: await reliabilityFigures(methods) },
  ];
}

async function groupContent(
  methods: RunContent['methods'],
  cells: NonNullable<ReturnType<typeof cellsTable>>,
): Promise<Fragment> {
  const points = methods.flatMap(({ name, evaluation: { groups, balancedError } }) =>
    groups && !Number.isNaN(groups.deo) ? [{ name, error: balancedError, gap: groups.deo }] : [],
  );
  const table = htmlTable(cells, 'Error by class and group, in percent');
  return html`${points.length > 0 ? await tradeOffFigure(points) : null}
<p>Cells whose 95 % interval reaches further than 10 points to either side are too small to judge.</p>
${cells.rows.length > MOST_CELLS ? html`<details><summary>Error by class and group</summary>${table}</details>` : table}`;
}

async function searchSections({ learned, classes, groupNames, hypergradients }: RunContent): Promise<Section[]> {
  return [
    ...(learned
      ? [{ id: 'learned', title: 'Learned loss', content: await learnedLossFigures(learned, classes, groupNames) }]
      : []),
    ...(learned?.augmentation
      ? [
          {
            id: 'augmentation',
            title: 'Learned augmentation',
            content: await augmentationFigure(learned.augmentation, classes),
          },
        ]
      : []),
    ...(hypergradients.length > 0
      ? [
          { id: 'search', title: 'Search', content: await trajectoryFigures(hypergradients, classes, groupNames) },
          { id: 'hypergradients', title: 'Hypergradients', content: await hypergradientFigures(hypergradients) },
        ]
      : []),
  ];
}

const trainingSections = async ({ epochs }: RunContent): Promise<Section[]> =>
  epochs.length === 0 ? [] : [{ id: 'training', title: 'Training', content: await trainingFigures(epochs) }];
