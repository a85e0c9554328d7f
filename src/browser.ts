export * from './backends/browser.js';
export * from './portable.js';
