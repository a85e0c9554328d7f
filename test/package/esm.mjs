import { createRequire } from 'node:module';
import * as autobalance from 'autobalance';
import { train } from './train.mjs';

const { backends, Tensor } = autobalance;
const required = createRequire(import.meta.url)('autobalance');
console.log(
  JSON.stringify({
    ...(await train(autobalance)),
    reasons: backends().map(({ name, reason }) => [name, reason ?? null]),
    oneEngine: required.Tensor === Tensor,
  }),
);
