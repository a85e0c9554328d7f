import {
  type CellResult,
  cellTable,
  compareMethods,
  comparisonTable,
  FIGURES,
  type FigureName,
  type ScenarioComparison,
} from '../comparison.js';
import { type Fragment, html } from '../html.js';
import { csvTable, htmlTable, markdownTable } from '../table.js';
import type { RawFile } from './content.js';
import { pageDocument, type Section } from './document.js';
import { downloads } from './downloads.js';
import { differencesFigure } from './paired-differences.js';
import { type TradeOffPoint, tradeOffFigure } from './trade-off.js';
import { valuesFigure } from './values-figure.js';

export interface ComparisonContent {
  readonly title: string;
  readonly lead: string;
  /** Trainings that are still to come. */
  readonly missing: number;
  readonly cells: readonly CellResult[];
  readonly figure: FigureName;
  readonly against?: string;
  readonly files: readonly RawFile[];
  readonly footer: string;
}

/** The page of a comparison: a table and figures for each scenario, all trainings to download. */
export async function comparisonPage(content: ComparisonContent, script?: string): Promise<string> {
  const { title, lead, missing, cells, files, footer } = content;
  const comparisons = compareMethods(cells, content);
  return pageDocument({
    title,
    lead,
    ...(missing > 0 && { notice: `${missing} of ${missing + cells.length} trainings are still to come.` }),
    sections: [
      ...(await Promise.all(
        comparisons.map(
          async (comparison, i): Promise<Section> => ({
            id: `scenario-${i + 1}`,
            title: comparison.scenario === '' ? 'Results' : comparison.scenario,
            content: await scenarioContent(comparison, cells, `${i + 1}`),
          }),
        ),
      )),
      ...(await acrossScenarios(comparisons, cells)),
      {
        id: 'data',
        title: 'Data',
        content: downloads([
          { name: 'trainings.csv', type: 'text/csv', text: csvTable(cellTable(cells)) },
          ...comparisons.map((comparison, i) => ({
            name: comparisons.length === 1 ? 'comparison.md' : `comparison-${i + 1}.md`,
            type: 'text/markdown',
            text: markdownTable(comparisonTable(comparison)),
          })),
          ...files,
        ]),
      },
    ],
    footer,
    ...(script !== undefined && { script }),
  });
}

async function scenarioContent(
  comparison: ScenarioComparison,
  cells: readonly CellResult[],
  id: string,
): Promise<Fragment> {
  const { scenario, reference, figure, methods, failures } = comparison;
  const points = cells.flatMap(({ figures, ...cell }) =>
    cell.scenario === scenario && figures?.balancedError != null && figures.deo != null
      ? [{ name: cell.method, label: `seed ${cell.seed}`, error: figures.balancedError, gap: figures.deo }]
      : [],
  );
  return html`<p>Means of the ${FIGURES[figure]} over the seeds; differences are ${reference} less the method of the row, in pairs of the same seed (same data split, initial weights and order of samples), so below zero ${reference} is lower. With few seeds Student’s interval is the one to read.</p>
${htmlTable(comparisonTable(comparison), scenario === '' ? 'Methods' : `Methods, ${scenario}`)}
${failures.map(({ method, seed, failure }) => html`<p class="notice">${method}, seed ${seed}, failed: ${failure ?? ''}</p>`)}
${methods.some(({ against }) => against) ? await differencesFigure(comparison, id) : null}
${await valuesFigure(comparison, id)}
${points.length > 0 ? await tradeOffFigure(points, { id: `trade-off-${id}` }) : null}`;
}

/** Where scenarios differ, say in the weight of fairness, each method's way through them. */
async function acrossScenarios(
  comparisons: readonly ScenarioComparison[],
  cells: readonly CellResult[],
): Promise<Section[]> {
  const points = comparisons.length < 2 ? [] : pointsAcross(cells);
  if (points.length === 0) return [];
  const content = await tradeOffFigure(points, { id: 'trade-off-scenarios', joined: true });
  return [{ id: 'across', title: 'Across the scenarios', content }];
}

/** Mean balanced error and DEO of each method in each scenario; only once if the scenarios mean nothing to it. */
export function pointsAcross(cells: readonly CellResult[]): TradeOffPoint[] {
  const gaps = new Map(compareMethods(cells, { figure: 'deo' }).map((comparison) => [comparison.scenario, comparison]));
  const errors = compareMethods(cells, { figure: 'balancedError' });
  const all = errors.flatMap(({ scenario, methods }) =>
    methods.flatMap(({ method, mean }) => {
      const gap = gaps.get(scenario)?.methods.find((other) => other.method === method)?.mean;
      return gap === undefined || !Number.isFinite(gap) || !Number.isFinite(mean)
        ? []
        : [{ name: method, label: scenario, error: mean, gap }];
    }),
  );
  return all.flatMap((point) => {
    const [first, ...others] = all.filter(({ name }) => name === point.name);
    if (others.length === 0 || others.some(({ error, gap }) => error !== first!.error || gap !== first!.gap))
      return [point];
    const { label: _, ...rest } = point;
    return point === first ? [rest] : [];
  });
}
