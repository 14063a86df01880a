/** What Node has and its types do not say; they leave it to the browser's library, of which we want nothing else. */
declare global {
  namespace WebAssembly {
    class Memory {
      constructor(size: { initial: number; maximum?: number; shared?: boolean });
      readonly buffer: ArrayBuffer;
      grow(pages: number): number;
    }
    class Module {
      constructor(bytes: Uint8Array<ArrayBuffer>);
    }
    class Instance {
      constructor(module: Module, imports: { env: { memory: Memory } });
      readonly exports: object;
    }
  }
}

export {};
