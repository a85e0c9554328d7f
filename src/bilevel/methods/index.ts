export { type ImplicitOptions, type ImplicitState, implicit } from './implicit.js';
