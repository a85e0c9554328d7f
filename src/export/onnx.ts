import { description, type LearnedLoss, type Provenance } from './learned-loss.js';
import { Message } from './protobuf.js';

// Field numbers and codes of onnx.proto3.
const FLOAT = 1;
const INT64 = 7;
const IR_VERSION = 8;
/** LogSoftmax along an axis, and ReduceSum with its axes as an input, are as they are here since 13. */
const OPSET = 13;

type Extent = number | string;

/**
 * An ONNX model: inputs `logits` f32 [N, K], `labels` i64 [N] and, with groups, `groups` i64 [N]; outputs `loss` f32, the mean over the batch, and
 * `gradient` f32 [N, K], its gradient in the logits, so that a runtime without automatic differentiation can train with it.
 */
export function onnxModel(loss: LearnedLoss, provenance: Provenance): Uint8Array {
  const classes = loss.classCounts.length;
  const grouped = loss.groups !== undefined;
  const graph = new Graph();
  graph.input('logits', FLOAT, ['N', classes]);
  graph.input('labels', INT64, ['N']);
  if (grouped) graph.input('groups', INT64, ['N']);
  const groups = loss.groups?.length ?? 1;
  // [G, K], so that a sample's group takes a row; without groups [K].
  const table = (name: string, rows: readonly (readonly number[])[]): string => {
    const values = Array.from({ length: groups }, (_, g) => rows.map((row) => row[g]!)).flat();
    return graph.floats(name, grouped ? [groups, classes] : [classes], values);
  };
  const [delta, iota, weight] = [table('delta', loss.delta), table('iota', loss.iota), table('weight', loss.weight)];
  const forSamples = (name: string): string =>
    grouped ? graph.node('Gather', [name, 'groups'], `${name}_of_samples`) : name;
  const deltas = forSamples(delta);
  const axis = graph.integers('class_axis', [1], [1]);

  const adjusted = graph.node('Add', [graph.node('Mul', ['logits', deltas], 'scaled'), forSamples(iota)], 'adjusted');
  const logP = graph.node('LogSoftmax', [adjusted], 'log_p', { axis: -1 });
  const depth = graph.integers('classes', [], [classes]);
  const own = graph.node('OneHot', ['labels', depth, graph.floats('off_on', [2], [0, 1])], 'own_class', { axis: -1 });
  const pick = (values: string, to: string): string =>
    graph.node('ReduceSum', [graph.node('Mul', [values, own], `${to}_by_class`), axis], to, { keepdims: 0 });
  const weights = grouped ? pick(forSamples(weight), 'weights') : graph.node('Gather', [weight, 'labels'], 'weights');
  const losses = graph.node('Neg', [graph.node('Mul', [weights, pick(logP, 'own_log_p')], 'weighted_log_p')], 'losses');
  graph.node('ReduceMean', [losses], 'loss', { keepdims: 0 });

  const samples = graph.node('Cast', [graph.node('Shape', ['labels'], 'shape')], 'samples', { to: FLOAT });
  const share = graph.node('Unsqueeze', [graph.node('Div', [weights, samples], 'shares'), axis], 'share');
  const difference = graph.node('Sub', [graph.node('Exp', [logP], 'p'), own], 'p_minus_own');
  graph.node('Mul', [graph.node('Mul', [difference, share], 'in_adjusted'), deltas], 'gradient');
  graph.output('loss', FLOAT, []);
  graph.output('gradient', FLOAT, ['N', classes]);

  const text = description(loss, provenance).join('\n');
  return new Message()
    .varint(1, IR_VERSION)
    .text(2, 'autobalance')
    .text(3, provenance.version)
    .text(6, text)
    .message(7, graph.encode('autobalance_loss', text))
    .message(8, new Message().text(1, '').varint(2, OPSET))
    .encode();
}

class Graph {
  readonly #nodes: Message[] = [];
  readonly #constants: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];

  input(name: string, type: number, shape: readonly Extent[]): void {
    this.#inputs.push(valueInfo(name, type, shape));
  }

  output(name: string, type: number, shape: readonly Extent[]): void {
    this.#outputs.push(valueInfo(name, type, shape));
  }

  floats(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.#constant(name, FLOAT, shape, values, 4, (view, at, value) => view.setFloat32(at, value, true));
  }

  integers(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.#constant(name, INT64, shape, values, 8, (view, at, value) =>
      view.setBigInt64(at, BigInt(value), true),
    );
  }

  #constant(
    name: string,
    type: number,
    shape: readonly number[],
    values: readonly number[],
    size: number,
    write: (view: DataView, at: number, value: number) => void,
  ): string {
    const bytes = new Uint8Array(size * values.length);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => {
      write(view, i * size, value);
    });
    const tensor = new Message();
    for (const extent of shape) tensor.varint(1, extent);
    this.#constants.push(tensor.varint(2, type).text(8, name).bytes(9, bytes));
    return name;
  }

  /** Adds a node with one output, and gives that back. */
  node(op: string, inputs: readonly string[], output: string, integers: Readonly<Record<string, number>> = {}): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, op);
    for (const [name, value] of Object.entries(integers)) node.message(5, integerAttribute(name, value));
    this.#nodes.push(node);
    return output;
  }

  encode(name: string, text: string): Message {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    graph.text(10, text);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    return graph;
  }
}

const INT_ATTRIBUTE = 2;

const integerAttribute = (name: string, value: number): Message =>
  new Message().text(1, name).varint(3, value).varint(20, INT_ATTRIBUTE);

function valueInfo(name: string, type: number, shape: readonly Extent[]): Message {
  const extents = new Message();
  for (const extent of shape) {
    extents.message(1, typeof extent === 'number' ? new Message().varint(1, extent) : new Message().text(2, extent));
  }
  return new Message()
    .text(1, name)
    .message(2, new Message().message(1, new Message().varint(1, type).message(2, extents)));
}
