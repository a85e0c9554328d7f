export { loadWasm, type WasmOptions, type WasmSource } from './backends/browser.js';
export * from './portable.js';
