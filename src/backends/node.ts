// What Node runs programs on, for its effect.
import { loadCuda } from './cuda.js';
import { provideGpuJs } from './gpu-js/provide.js';
import { requireGpuJs } from './gpu-js-node.js';
import { loadNative } from './native.js';
import { provideBackends, provideOnRequest } from './registry.js';
import { loadWasm } from './wasm-file.js';

provideBackends({
  native: ({ convolution }) => loadNative(convolution),
  wasm: ({ convolution }) => loadWasm(convolution),
});

provideGpuJs(() => requireGpuJs());
provideOnRequest({ cuda: ({ convolution }) => loadCuda(convolution) });
