/** What fixtures/package.js puts into its page. */
import type * as Headstart from "headstart";

declare global {
  interface Failure {
    name: string;
    code: string;
    message: string;
    /** It is a HeadstartError. */
    own: boolean;
  }

  interface Window {
    headstart: typeof Headstart;
    classifier: Headstart.Classifier;
    /** Kept by a test from one call to the next. */
    images: File[];
    file: (url: string, name?: string) => Promise<File>;
    /** The image compressed anew as a JPEG. */
    recompressed: (image: File, name: string) => Promise<File>;
    files: (urls: string[]) => Promise<File[]>;
    failure: (promise: Promise<unknown>) => Promise<Failure | null>;
    steps: (
      run: AsyncIterable<Headstart.TrainStep>,
    ) => Promise<Headstart.TrainStep[]>;
    embed: (
      classifier: Headstart.Classifier,
      images: Iterable<Headstart.ImageSource>,
    ) => Promise<number[][]>;
    /** The source of every WebGPU shader that is compiled in this page from now on. */
    recordShaders: () => string[];
  }
}
