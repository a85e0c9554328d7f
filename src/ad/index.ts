export { hessian, hvp, jacobian, jvp, vjp } from './derivatives.js';
export { type GradOptions, grad, gradientProgram, valueAndGrad } from './grad.js';
export { jvpProgram } from './jvp.js';
export { type Linearization, type LinearizeOptions, linearize, linearizer } from './linearization.js';
export { type LinearizedProgram, linearizeProgram } from './linearize.js';
export { transposeProgram } from './transpose.js';
