declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** @param options `path`: where the LevelDB store lies; in memory without */
  export default function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
