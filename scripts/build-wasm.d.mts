export type ModuleName = 'single' | 'threads';
export declare const modules: Readonly<Record<ModuleName, { readonly path: string }>>;
export declare const SECTION: string;
export declare function sourceHash(name: ModuleName): string;
