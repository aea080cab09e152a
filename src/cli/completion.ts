/** Completion for bash: the script asks evpnctl itself what may follow, so it never falls behind the commands. */
import type { Command } from './command.ts';
import { follow } from './match.ts';

/** To be sourced: `source <(evpnctl completion)`. */
export const completionScript = (): string[] => [
  '_evpnctl() {',
  "  local IFS=$'\\n'",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are the shell's
  '  COMPREPLY=($(compgen -W "$(evpnctl complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))',
  '}',
  'complete -F _evpnctl evpnctl',
];

/** The words that may follow; values have none to offer. */
export const completions = (commands: readonly Command[], words: readonly string[]): string[] =>
  follow(commands, words)
    .next.filter(({ wanted }) => wanted === undefined)
    .map(({ text }) => text);
