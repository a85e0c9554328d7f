import './node.js';

export * from './portable.js';
