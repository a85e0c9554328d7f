export declare const modulePath: string;
export declare const SECTION: string;
export declare function sourceHash(): string;
