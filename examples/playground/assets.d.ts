// Vite's way to ask where a file is served.
declare module '*.wasm?url' {
  const url: string;
  export default url;
}

declare module '*.bin?url' {
  const url: string;
  export default url;
}
