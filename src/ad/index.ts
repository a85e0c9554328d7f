export { checkpoint } from './checkpoint.js';
export { customJvp, customVjp } from './custom.js';
export { hessian, hvp, jacobian, jvp, vjp } from './derivatives.js';
export { type GradOptions, grad, gradientProgram, valueAndGrad } from './grad.js';
export { jvpProgram } from './jvp.js';
export {
  type Linearization,
  type LinearizeOptions,
  linearize,
  linearizer,
  type PartialLinearization,
} from './linearization.js';
export { type LinearizedProgram, linearizeProgram } from './linearize.js';
export { transposeProgram } from './transpose.js';
export { batchProgram, type VmapOptions, vmap } from './vmap.js';
