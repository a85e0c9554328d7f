import './backends/node.js';

export * from './data/index.js';
export * from './portable.js';
