import type { Finding } from '../../model/source.ts';
import type { RedisConnection, RedisReply } from '../../sandbox/redis-connection.ts';

interface Need {
  readonly words: readonly string[];
  readonly stops: 'backup' | 'restore';
}

/** What a capture and a restore send to the live server, in forms that ACL DRYRUN accepts. */
const NEEDS: readonly Need[] = [
  { words: ['SYNC'], stops: 'backup' },
  { words: ['REPLCONF', 'rdb-only', '1'], stops: 'backup' },
  { words: ['REPLICAOF', 'NO', 'ONE'], stops: 'restore' },
  { words: ['CONFIG', 'GET', 'masterauth'], stops: 'restore' },
  { words: ['CONFIG', 'SET', 'masterauth', ''], stops: 'restore' },
  { words: ['CLIENT', 'PAUSE', '1', 'WRITE'], stops: 'restore' },
  { words: ['CLIENT', 'UNPAUSE'], stops: 'restore' },
  { words: ['BGSAVE'], stops: 'restore' },
  { words: ['TIME'], stops: 'restore' },
];

/** Those of NEEDS that are made of subcommands, each a right of its own. */
const CONTAINERS: ReadonlySet<string | undefined> = new Set(['CONFIG', 'CLIENT']);

/** Commands that the server's configuration has renamed or taken away. */
export async function renamedCommands(connection: RedisConnection): Promise<Finding[]> {
  const commands = [...new Set(NEEDS.map(({ words }) => words[0] ?? ''))];
  const reply = await connection.send('COMMAND', 'INFO', ...commands).catch(() => undefined);
  if (!Array.isArray(reply)) return [];
  return (reply as RedisReply[]).flatMap((each, index) => {
    const command = commands[index];
    const need = NEEDS.find(({ words }) => words[0] === command);
    if (command === undefined || need === undefined || (Array.isArray(each) && each.length > 0)) return [];
    return [
      {
        subject: 'commands',
        severity: 'problem',
        message: `the command ${command} is renamed or disabled on this server`,
        hint: `take the line "rename-command ${command} …" out of redis.conf; use ACLs to restrict it`,
        stops: need.stops,
      } as const,
    ];
  });
}

/** A Sentinel takes a server that becomes a replica for one that failed, and makes another the master. */
export async function watchedBySentinel(connection: RedisConnection): Promise<Finding[]> {
  const reply = await connection.send('PUBSUB', 'NUMSUB', '__sentinel__:hello').catch(() => []);
  if (!Array.isArray(reply) || !(Number(reply[1]) > 0)) return [];
  return [
    {
      subject: 'server',
      severity: 'problem',
      message: 'a Sentinel watches over this server, and would interfere with a restore',
      hint: 'let every Sentinel forget it while you restore: SENTINEL REMOVE <name>; then SENTINEL MONITOR it again',
      stops: 'restore',
    },
  ];
}

/** Rights that the user of the backup lacks; a warning where the server cannot be asked. */
export async function clientRights(connection: RedisConnection): Promise<Finding[]> {
  const user = String(await connection.send('ACL', 'WHOAMI').catch(() => ''));
  if (user === 'default') return [{ subject: 'rights', severity: 'ok', message: 'default user' }];
  const answers: Finding[][] = [];
  for (const { words, stops } of NEEDS) {
    const answer = await connection.send('ACL', 'DRYRUN', user, ...words).catch(() => undefined);
    if (answer === undefined) return [unknownRights(user)];
    if (answer !== 'OK') answers.push([lacking(user, words.slice(0, CONTAINERS.has(words[0]) ? 2 : 1), stops)]);
  }
  return answers.length > 0 ? answers.flat() : [{ subject: 'rights', severity: 'ok', message: `user ${user}` }];
}

function unknownRights(user: string): Finding {
  const message = `the rights of the user "${user}" cannot be checked: it may not run ACL DRYRUN (Redis 7.0)`;
  return { subject: 'rights', severity: 'warning', message, hint: `ACL SETUSER ${user} +acl|whoami +acl|dryrun` };
}

function lacking(user: string, words: readonly string[], stops: 'backup' | 'restore'): Finding {
  const command = words.join(' ');
  return {
    subject: 'rights',
    severity: 'problem',
    message: `the user "${user}" may not run ${command}`,
    hint: `ACL SETUSER ${user} +${words.join('|').toLowerCase()}`,
    kind: 'denied',
    stops,
  };
}
