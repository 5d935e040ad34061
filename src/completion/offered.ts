/** What can be offered in the place of a word, beside what the tree of commands says itself. */
export type Kind =
  /** A context of the configuration file. */
  | 'context'
  /** A runbook, built-in or the operator's own. */
  | 'runbook'
  /** A category of the runbook in use. */
  | 'category'
  /** A response step of the runbook in use; of the category alone that the line names. */
  | 'step'
  /** An entry of the journal. */
  | 'entry'
  /** An entry of the journal that can be undone. */
  | 'undoable'
  /** An incident that can be drilled. */
  | 'incident'
  /** A blocked address, asked of Redis. */
  | 'blocked'
  /** An agent with a cap, asked of Redis. */
  | 'agent'
  /** A command, or a topic of the help. */
  | 'topic'
  | 'file'
  | 'folder';

/** By a flag, whichever command has it, or by a command and its argument. Whatever has choices needs no row. */
export const OFFERED: Readonly<Record<string, readonly Kind[]>> = {
  '--config': ['file'],
  '--context': ['context'],
  '--runbook': ['runbook', 'file'],
  '--category': ['category'],
  '--step': ['step'],
  '--save': ['file'],
  '--from': ['file'],
  'unblock-ip ip|cidr': ['blocked'],
  'raise-cap agent-id': ['agent'],
  'caps agent': ['agent'],
  'journal show id': ['entry'],
  'undo id': ['undoable'],
  'runbook show category': ['category'],
  'runbook validate file': ['runbook', 'file'],
  'runbook test dir': ['folder'],
  'runbook new file': ['file'],
  'drill incident': ['incident', 'file'],
  'help command|topic': ['topic'],
};
