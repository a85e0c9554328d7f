/**
 * How PyTorch lays out an array that we hold differently:
 * - `same`: alike (biases, normalisations, embedding tables);
 * - `filter`: OIHW there, HWIO here;
 * - `dense`: [outputs, inputs] there, [inputs, outputs] here;
 * - `flattened`: a dense weight whose inputs are an image, flattened channels first there and channels last here.
 */
export type PyTorchLayout =
  | 'same'
  | 'filter'
  | 'dense'
  | { readonly flattened: readonly [height: number, width: number, channels: number] };

/** What a leaf is called in a PyTorch state dictionary, and how it lies there. */
export interface PyTorchLeaf {
  readonly name: string;
  readonly layout: PyTorchLayout;
}

/** For each leaf of { params, state }, by its path (`params.stem.conv.filter`), what PyTorch makes of it. */
export type PyTorchNames = { readonly [path: string]: PyTorchLeaf };

const leaf = (name: string, layout: PyTorchLayout = 'same'): PyTorchLeaf => ({ name, layout });

/** A bias-free convolution and the batch normalisation after it. */
export const convNormNames = (path: string, convolution: string, norm: string, state = path): PyTorchNames => ({
  [`params.${path}.conv.filter`]: leaf(`${convolution}.weight`, 'filter'),
  [`params.${path}.norm.scale`]: leaf(`${norm}.weight`),
  [`params.${path}.norm.shift`]: leaf(`${norm}.bias`),
  [`state.${state}.mean`]: leaf(`${norm}.running_mean`),
  [`state.${state}.variance`]: leaf(`${norm}.running_var`),
});

export const denseNames = (path: string, name: string, layout: PyTorchLayout = 'dense'): PyTorchNames => ({
  [`params.${path}.weight`]: leaf(`${name}.weight`, layout),
  [`params.${path}.bias`]: leaf(`${name}.bias`),
});

export const embeddingNames = (path: string, name: string): PyTorchNames => ({
  [`params.${path}`]: leaf(`${name}.weight`),
});
