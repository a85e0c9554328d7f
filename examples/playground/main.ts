import { classErrors, lossNumbers, residuals } from './charts.js';
import { type Choices, type ScenarioName, scenarios } from './choices.js';
import { Controls } from './controls.js';
import type { Message, Method, Request, StageName } from './messages.js';
import { classColour, type RunState } from './state.js';
import { drawView } from './views.js';

const STAGES: Readonly<Record<StageName, string>> = {
  'cross-entropy': '1 of 3: training under cross-entropy',
  search: '2 of 3: searching for a loss',
  retrain: '3 of 3: training under the loss that was found',
};

const NOTES: Readonly<Record<ScenarioName, string>> = {
  mixture:
    'The class predicted at every point of the plane, and the training samples; those of rare classes are drawn larger.',
  digits: 'Test digits by what they are (downwards) and what they are taken for: right in green, mistakes in orange.',
};

/** Milliseconds between two drawings of the charts. */
const REDRAW = 200;

const element = <T extends HTMLElement>(id: string): T => document.querySelector<T>(`#${id}`)!;
const methods: readonly Method[] = ['cross-entropy', 'autobalance'];

let worker: Worker | undefined;
let state = emptyState('mixture');
let stage: StageName | undefined;
let drawn = 0;
let waiting = false;

function emptyState(scenario: ScenarioName): RunState {
  const classes = scenario === 'mixture' ? 5 : 10;
  const classNames = Array.from({ length: classes }, (_, k) => (scenario === 'mixture' ? `cloud ${k + 1}` : String(k)));
  return { classNames, counts: [], points: undefined, classifiers: {}, hypergradients: [] };
}

function say(text: string, speed = ''): void {
  if (element('stage').textContent !== text) element('stage').textContent = text;
  element('speed').textContent = speed;
}

function start(choices: Choices): void {
  worker?.terminate();
  clear(choices.scenario);
  const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker = own;
  own.addEventListener('message', ({ data }: MessageEvent<Message>) => hear(data));
  own.addEventListener('error', (event) =>
    hear({ kind: 'failed', message: event.message || 'the worker did not start' }),
  );
  ask({ kind: 'start', ...choices });
  controls.show('running');
  say('Loading …');
}

const ask = (request: Request): void => worker?.postMessage(request);

/** Everything as before the first run. */
function clear(scenario: ScenarioName): void {
  state = emptyState(scenario);
  stage = undefined;
  paused = false;
  element<HTMLProgressElement>('progress').value = 0;
  element('verdict').textContent = '';
  element('views-note').textContent = NOTES[scenario];
  element('classes').replaceChildren();
  document.body.dataset.device = '';
  for (const method of methods) {
    element(`view-${method}`).replaceChildren();
    element(`error-${method}`).textContent = '–';
    element(`error-${method}`).classList.remove('passing');
  }
  draw();
}

let device = '';
let paused = false;

/** While it is paused too, for what the worker said before it heard of that arrives later. */
const whereItIs = (): string => (stage ? `${paused ? 'Paused in stage' : 'Stage'} ${STAGES[stage]}.` : 'Paused.');

function hear(message: Message): void {
  switch (message.kind) {
    case 'started':
      device = message.device;
      document.body.dataset.device = device;
      state = { ...state, counts: message.counts, points: message.points };
      showClasses();
      break;
    case 'progress':
      stage = message.stage;
      element<HTMLProgressElement>('progress').value = message.done;
      say(whereItIs(), `${Math.round(message.stepsPerSecond)} steps a second on ${device}`);
      return;
    case 'hypergradient':
      state.hypergradients.push(message);
      break;
    case 'classifier':
      state.classifiers[message.method] = message;
      showClassifier(message);
      break;
    case 'done':
      controls.show('done');
      say('Done.', element('speed').textContent ?? '');
      conclude();
      break;
    case 'failed':
      controls.show('done');
      say(`It failed: ${message.message}`);
      break;
  }
  redrawSoon();
}

function showClasses(): void {
  element('classes').replaceChildren(
    ...state.counts.map((count, k) => {
      const item = document.createElement('li');
      const key = document.createElement('span');
      key.className = 'key';
      key.style.background = classColour(k);
      item.append(key, `${state.classNames[k]}: ${count}`);
      return item;
    }),
  );
}

function showClassifier({ method, balancedError, final }: Extract<Message, { kind: 'classifier' }>): void {
  const figure = element(`error-${method}`);
  figure.textContent = `${balancedError.toFixed(1)} %`;
  figure.classList.toggle('passing', !final);
}

function conclude(): void {
  const [before, after] = methods.map((method) => state.classifiers[method]!.balancedError);
  const difference = before! - after!;
  element('verdict').textContent =
    difference > 0
      ? `The learned loss takes ${difference.toFixed(1)} points off cross-entropy’s balanced error.`
      : `Here the learned loss does not help: ${(-difference).toFixed(1)} points more than cross-entropy.`;
}

function redrawSoon(): void {
  if (waiting) return;
  waiting = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawn + REDRAW - performance.now()));
}

function draw(): void {
  waiting = false;
  drawn = performance.now();
  const into = (id: string, chart: (width: number) => Element): void => {
    const frame = element(id);
    frame.replaceChildren(chart(Math.max(140, frame.clientWidth)));
  };
  into('class-errors', (width) => classErrors(state, width));
  into('residuals', (width) => residuals(state.hypergradients, width));
  for (const part of ['delta', 'iota'] as const) into(part, (width) => lossNumbers(state, part, width));
  for (const method of methods) {
    const classifier = state.classifiers[method];
    if (!classifier) continue;
    const frame = element(`view-${method}`);
    const canvas = frame.querySelector('canvas') ?? document.createElement('canvas');
    if (!canvas.isConnected) frame.append(canvas);
    drawView(canvas, classifier, state);
  }
}

const controls = new Controls({
  start,
  pause() {
    paused = true;
    ask({ kind: 'pause' });
    controls.show('paused');
    say(whereItIs());
  },
  resume() {
    paused = false;
    ask({ kind: 'resume' });
    controls.show('running');
  },
  reset() {
    worker?.terminate();
    worker = undefined;
    clear(controls.choices.scenario);
    controls.show('ready');
    say('Ready.');
  },
});

const scenarioField = document.querySelector<HTMLSelectElement>('select[name=scenario]')!;
scenarioField.addEventListener('change', () => {
  if (Object.hasOwn(scenarios, scenarioField.value)) clear(scenarioField.value as ScenarioName);
});
addEventListener('resize', redrawSoon);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawSoon);
clear('mixture');
