// Reads an AsyncAPI document from the file named first; prints each error, and fails if there is one.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const ERROR = 0;
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'));
const errors = diagnostics.filter(({ severity }) => severity === ERROR);
for (const { path, message } of errors) console.log(`${path.join('.')}: ${message}`);
for (const { path, message, severity } of diagnostics) if (severity !== ERROR) console.error(`note ${path.join('.')}: ${message}`);
process.exitCode = document === undefined || errors.length > 0 ? 1 : 0;
