import * as autobalance from 'autobalance';
import module from 'autobalance/autobalance.wasm?url';
import { train } from '../train.mjs';

const { backends, currentBackend, loadWasm } = autobalance;
globalThis.result = (async () => {
  const before = { name: currentBackend().name, reasons: backends().map(({ name, reason }) => [name, reason ?? null]) };
  await loadWasm(module);
  return { before, ...(await train(autobalance)) };
})();
