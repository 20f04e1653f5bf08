import type { Environment } from '../aws/environment.ts';
import { formatJson } from '../objects/json.ts';

/**
 * Lines of JSON, as CloudWatch Logs Insights reads them: what happened, in Lambda only (locally the terminal is
 * people's), and what failed, everywhere.
 */
export function operatorLog(name: string, environment: Environment) {
  const deployed = environment.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  return {
    event(event: string, details: Readonly<Record<string, unknown>>): void {
      if (deployed) console.log(formatJson({ level: 'INFO', function: name, event, ...details }));
    },
    failure(event: string, error: unknown): void {
      console.error(formatJson({ level: 'ERROR', function: name, event, message: String(error) }));
    },
  };
}
