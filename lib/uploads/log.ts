import { formatJson } from '../objects/json.ts';

/** One line of JSON an event, as CloudWatch Logs Insights reads it. */
export const operatorLog =
  (name: string) =>
  (event: string, details: Readonly<Record<string, unknown>>): void => {
    console.log(formatJson({ function: name, event, ...details }));
  };
