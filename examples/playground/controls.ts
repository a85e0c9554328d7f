import { backends, type Choices, imbalances, lengths, objectives, scenarios } from './choices.js';

/** The form with everything that can be chosen. */
export class Controls {
  readonly #form: HTMLFormElement;
  readonly #start: HTMLButtonElement;
  readonly #pause: HTMLButtonElement;
  readonly #reset: HTMLButtonElement;

  constructor(does: { start(choices: Choices): void; pause(): void; resume(): void; reset(): void }) {
    this.#form = document.querySelector('form')!;
    this.#fill('scenario', Object.entries(scenarios));
    this.#fill(
      'imbalance',
      imbalances.map((ratio) => [String(ratio), `${ratio} : 1`]),
      '30',
    );
    this.#fill('objective', Object.entries(objectives));
    this.#fill('backend', Object.entries(backends));
    this.#fill('length', Object.entries(lengths));
    const button = (id: string): HTMLButtonElement => document.querySelector<HTMLButtonElement>(`#${id}`)!;
    [this.#start, this.#pause, this.#reset] = [button('start'), button('pause'), button('reset')];
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      does.start(this.choices);
    });
    this.#pause.addEventListener('click', () => (this.#pause.textContent === 'Pause' ? does.pause() : does.resume()));
    this.#reset.addEventListener('click', () => does.reset());
  }

  get choices(): Choices {
    const { seed, imbalance, ...words } = Object.fromEntries(new FormData(this.#form));
    return { ...words, imbalance: Number(imbalance), seed: Number(seed) } as Choices;
  }

  /** Offers what can be done now. What is being run cannot be changed under way. */
  show(state: 'ready' | 'running' | 'paused' | 'done'): void {
    const under = state === 'running' || state === 'paused';
    const focused = document.activeElement;
    for (const field of this.#form.querySelectorAll<HTMLSelectElement | HTMLInputElement>('select, input')) {
      field.disabled = under;
    }
    this.#start.disabled = under;
    this.#pause.disabled = !under;
    this.#reset.disabled = state === 'ready';
    this.#pause.textContent = state === 'paused' ? 'Resume' : 'Pause';
    // Whoever works by keyboard must not lose their place with the button that they pressed.
    if (focused === this.#start && under) this.#pause.focus();
    if ((focused === this.#pause && !under) || (focused === this.#reset && state === 'ready')) this.#start.focus();
  }

  #fill(name: string, options: readonly (readonly [value: string, label: string])[], chosen?: string): void {
    const select = this.#form.elements.namedItem(name) as HTMLSelectElement;
    for (const [value, label] of options) select.add(new Option(label, value, value === chosen, value === chosen));
  }
}
