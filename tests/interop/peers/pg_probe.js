// Asks node's pg whether it can log in with the files we wrote. One line on stdout: "accepted: serial=<decimal> dn=<dn>
// tls=<version>" (exit 0), "refused: <all causes, joined by ' | '>" (exit 1) or "broken: <why>" (exit 2).
//
//   node pg_probe.js --host H --port P --user U --database D [--password-file F] [--cert F --key F] --root F [--hostaddr A]
//
// pg is not beside this file: copy package.json and package-lock.json into a build folder, `npm ci --ignore-scripts
// --no-audit --no-fund` there, and start this with NODE_PATH=<build folder>/node_modules.
'use strict';

const { readFileSync } = require('node:fs');
const tls = require('node:tls');
const { parseArgs } = require('node:util');

const QUESTION = `
  select coalesce(s.client_serial::text, 'none') as serial, coalesce(s.client_dn, 'none') as dn,
         coalesce(s.version, 'none') as tls
  from pg_stat_ssl s where pid = pg_backend_pid()`;

function end(status, text) {
  console.log(text.trim().replace(/\s*[\r\n]+\s*/g, ' '));
  process.exit(status);
}

// A host with two addresses fails with an AggregateError: its own message is empty, its errors hold the reasons.
function causes(error) {
  const texts = [];
  for (let e = error; e; e = e.cause) texts.push(e.message || (e.errors ?? []).map(causes).join(' | ') || e.code);
  return [...new Set(texts)].join(' | ');
}

function settings(flags) {
  const file = (name) => flags[name] && readFileSync(flags[name], 'utf8');
  for (const name of ['host', 'port', 'user', 'database', 'root']) {
    if (!flags[name]) throw new Error(`--${name} is missing`);
  }
  return {
    host: flags.hostaddr ?? flags.host, port: Number(flags.port), user: flags.user, database: flags.database,
    password: file('password-file')?.replace(/\r?\n$/, '') ?? '',
    ssl: {
      ca: file('root'), cert: file('cert'), key: file('key'), rejectUnauthorized: true,
      // pg takes the address that it connects to for the name to expect, so another one has to come in here.
      checkServerIdentity: (host, certificate) => tls.checkServerIdentity(flags.hostaddr ? flags.host : host, certificate),
    },
    connectionTimeoutMillis: 60000, query_timeout: 60000,
  };
}

async function main() {
  // pg would take what it was not told from the environment.
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];

  let client;
  try {
    const names = ['host', 'port', 'user', 'database', 'password-file', 'cert', 'key', 'root', 'hostaddr'];
    const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
    const { Client } = require('pg');
    client = new Client(settings(values));
  } catch (error) {
    end(2, `broken: ${error.message.split('\n')[0]}`);
  }
  try {
    await client.connect();
    const { serial, dn, tls: version } = (await client.query(QUESTION)).rows[0];
    await client.end();
    end(0, `accepted: serial=${serial} dn=${dn} tls=${version}`);
  } catch (error) {
    // A server that is not there refuses nothing.
    const absent = ['ECONNREFUSED', 'ENOTFOUND', 'ENETUNREACH'].includes(error.code) || /timeout/.test(error.message);
    end(absent ? 2 : 1, `${absent ? 'broken' : 'refused'}: ${causes(error)}`);
  }
}

main();
